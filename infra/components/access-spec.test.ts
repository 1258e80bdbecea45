import { authorizationPolicySpec, sidecarSpec } from './access-spec';
import type { Peer } from './network-policy';

const door = { namespace: 'doors', serviceAccount: 'door', labels: {} };
const whom = { namespace: 'shop', app: 'order-service' };

test('lets in callers by identity, each on the port it was declared for', () => {
  const ingress: Peer[] = [
    { to: 'front-door', door, port: 3002 },
    { to: 'app', app: 'payment-service', port: 3002 },
  ];
  expect(authorizationPolicySpec({ ...whom, ingress })).toEqual({
    selector: { matchLabels: { app: 'order-service' } },
    action: 'ALLOW',
    rules: ['doors/sa/door', 'shop/sa/payment-service'].map((who) => ({
      from: [{ source: { principals: [`cluster.local/ns/${who}`] } }],
      to: [{ operation: { ports: ['3002'] } }],
    })),
  });
});

test('lets one that may only look see the paths it was declared for', () => {
  const ingress: Peer[] = [{ to: 'app', app: 'consul', port: 3002, paths: ['/health', '/ready'] }];
  expect(authorizationPolicySpec({ ...whom, ingress }).rules?.[0]?.to).toEqual([
    { operation: { ports: ['3002'], paths: ['/health', '/ready'], methods: ['GET'] } },
  ]);
});

test('leaves to the network what no proxy carries', () => {
  const ingress: Peer[] = [{ to: 'app', app: 'consul', port: 8301, protocol: 'UDP' }];
  expect(authorizationPolicySpec({ ...whom, ingress }).rules).toEqual([]);
});

test('lets nobody in when nobody is declared', () => {
  expect(authorizationPolicySpec({ ...whom, ingress: [] }).rules).toEqual([]);
});

test.each(['dns', 'internet'] as const)('refuses to let in what has no identity: %s', (to) => {
  expect(() => authorizationPolicySpec({ ...whom, ingress: [{ to }] })).toThrow(`${to} has no identity`);
});

test('a proxy knows those its workload calls, and by name those that are called by name', () => {
  const egress: Peer[] = [
    { to: 'dns' },
    { to: 'app', app: 'postgres', port: 5432 },
    { to: 'app', app: 'kafka', port: 9092, hosts: ['kafka', 'kafka-nodes'] },
  ];
  expect(sidecarSpec({ ...whom, egress })).toEqual({
    workloadSelector: { labels: { app: 'order-service' } },
    egress: [
      {
        hosts: [
          'istio-system/*',
          './postgres.shop.svc.cluster.local',
          './kafka.shop.svc.cluster.local',
          './kafka-nodes.shop.svc.cluster.local',
        ],
      },
    ],
    outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
  });
});

test('only who may call the outside gets through to what the mesh does not know', () => {
  expect(sidecarSpec({ ...whom, egress: [{ to: 'internet' }] }).outboundTrafficPolicy).toEqual({
    mode: 'ALLOW_ANY',
  });
});
