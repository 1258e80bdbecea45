import fc from 'fast-check';
import { type RouteArgs, virtualServiceSpec } from './route-spec';

const args: RouteArgs = {
  namespace: 'shop',
  app: 'product-service',
  hosts: ['*'],
  gateway: 'front-door',
  paths: ['/v1/products'],
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

type Headers = Record<string, string>;

/** What Istio would do: the first route one of whose matches fits. */
function routeOf(path: string, headers: Headers = {}) {
  return virtualServiceSpec(args).http?.find((route) =>
    route.match?.some((match) => {
      const uri = match.uri as { exact?: string; prefix?: string };
      const fits = uri.exact === path || (uri.prefix !== undefined && path.startsWith(uri.prefix));
      const asked = Object.entries((match.headers ?? {}) as Record<string, { exact: string }>);
      return fits && asked.every(([name, value]) => headers[name] === value.exact);
    }),
  );
}

const subsets = (route: ReturnType<typeof routeOf>) =>
  route?.route?.map(({ destination }) => destination?.subset);

test('a request goes by the colours’ weights: all to blue at birth', () => {
  const route = routeOf('/v1/products/prd-1');
  expect(route?.fault).toBeUndefined();
  expect(route?.route?.map(({ destination, weight }) => [destination?.subset, weight])).toEqual([
    ['blue', 100],
    ['green', 0],
  ]);
});

test('header version: v2 goes to subset v2', () => {
  expect(subsets(routeOf('/v1/products', { version: 'v2' }))).toEqual(['v2']);
  expect(subsets(routeOf('/v1/products', { version: 'v3' }))).toEqual(['blue', 'green']);
});

test('only a request that asks for it can be delayed: 5 s, one in a thousand, and still goes where it would', () => {
  const fault = { delay: { fixedDelay: '5s', percentage: { value: 0.1 } } };
  expect(routeOf('/v1/products', { 'test-fault': 'delay' })).toMatchObject({ fault });
  expect(subsets(routeOf('/v1/products', { 'test-fault': 'delay' }))).toEqual(['blue', 'green']);
  expect(routeOf('/v1/products', { 'test-fault': 'delay', version: 'v2' })).toMatchObject({ fault });
  expect(subsets(routeOf('/v1/products', { 'test-fault': 'delay', version: 'v2' }))).toEqual(['v2']);
  expect(routeOf('/v1/products', { 'test-fault': 'abort' })?.fault).toBeUndefined();
});

test('a path covers what is below it and not its longer neighbours', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{1,8}$/), (rest) => {
      expect(routeOf(`/v1/products/${rest}`)).toBeDefined();
      expect(routeOf(`/v1/products${rest}`)).toBeUndefined();
    }),
  );
});

test('a service behind several paths is reached by each, with headers or without', () => {
  const several = virtualServiceSpec({ ...args, paths: ['/a', '/b'] });
  for (const route of several.http ?? []) expect(route.match).toHaveLength(4);
});

test('nothing is sent twice that may have been handled', () => {
  for (const route of virtualServiceSpec(args).http ?? []) {
    expect(route.retries?.retryOn).toBe('connect-failure,refused-stream');
  }
});
