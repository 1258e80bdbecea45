import { destinationRuleSpec, meshRouteSpec, type TrafficArgs, weightPaths } from './traffic-spec';

const args: TrafficArgs = {
  namespace: 'shop',
  app: 'product-service',
  traffic: {
    maxConnections: 100,
    http1MaxPendingRequests: 50,
    maxRequestsPerConnection: 10,
    consecutive5xxErrors: 5,
    interval: '30s',
    baseEjectionTime: '30s',
    maxEjectionPercent: 50,
    timeout: '15s',
  },
};

test('a call inside the mesh goes by header and weights, whatever its path, and the last route takes the rest', () => {
  const { hosts, gateways, http } = meshRouteSpec(args);
  expect({ hosts, gateways }).toEqual({
    hosts: ['product-service.shop.svc.cluster.local'],
    gateways: ['mesh'],
  });
  expect(http?.map(({ match }) => match)).toEqual([
    [{ headers: { 'test-fault': { exact: 'delay' }, version: { exact: 'v2' } } }],
    [{ headers: { 'test-fault': { exact: 'delay' } } }],
    [{ headers: { version: { exact: 'v2' } } }],
    undefined,
  ]);
  expect(http?.map(({ fault }) => fault !== undefined)).toEqual([true, true, false, false]);
});

test('the release tool’s fields are the weights, all of them and nothing else', () => {
  expect(weightPaths(meshRouteSpec(args))).toEqual([
    'spec.http[1].route[0].weight',
    'spec.http[1].route[1].weight',
    'spec.http[3].route[0].weight',
    'spec.http[3].route[1].weight',
  ]);
});

test('limits and ejection of the destination are the figures of R7, every subset is defined', () => {
  const spec = destinationRuleSpec(args);
  expect(spec.trafficPolicy).toEqual({
    connectionPool: {
      tcp: { maxConnections: 100 },
      http: { http1MaxPendingRequests: 50, maxRequestsPerConnection: 10 },
    },
    outlierDetection: {
      consecutive5xxErrors: 5,
      interval: '30s',
      baseEjectionTime: '30s',
      maxEjectionPercent: 50,
    },
  });
  expect(spec.subsets).toEqual([
    { name: 'v1', labels: { version: 'v1' } },
    { name: 'v2', labels: { version: 'v2' } },
    { name: 'blue', labels: { colour: 'blue' } },
    { name: 'green', labels: { colour: 'green' } },
  ]);
});
