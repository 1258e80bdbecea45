import { networkPolicySpec, proxyPolicySpec } from './network-policy';

const door = { namespace: 'doors', serviceAccount: 'door', labels: { istio: 'ingressgateway' } };

const open = networkPolicySpec({
  app: 'order-service',
  ingress: [{ to: 'front-door', door, port: 3002 }],
  egress: [{ to: 'dns' }, { to: 'app', app: 'postgres', port: 5432 }, { to: 'internet' }],
});

test('governs both directions of one kind of pod', () => {
  expect(open).toMatchObject({
    podSelector: { matchLabels: { app: 'order-service' } },
    policyTypes: ['Ingress', 'Egress'],
  });
});

test('every hole has a peer and a port: an empty list would mean everybody', () => {
  for (const rule of [...(open.ingress as object[]), ...(open.egress as object[])] as Record<
    string,
    unknown[]
  >[]) {
    expect((rule.from ?? rule.to)?.length).toBeGreaterThan(0);
    expect(rule.ports?.length).toBeGreaterThan(0);
  }
});

test('only the front door’s pods count as the front door', () => {
  expect(open.ingress).toEqual([
    {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'doors' } },
          podSelector: { matchLabels: { istio: 'ingressgateway' } },
        },
      ],
      ports: [{ protocol: 'TCP', port: 3002 }],
    },
  ]);
});

test('the outside is TLS only, and never a private network or the cloud’s metadata', () => {
  const outside = (open.egress as { to: { ipBlock?: { except: string[] } }[]; ports: object[] }[])[2];
  expect(outside?.ports).toEqual([{ protocol: 'TCP', port: 443 }]);
  expect(outside?.to[0]?.ipBlock?.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16']));
});

test('who declares nothing may do nothing', () => {
  expect(networkPolicySpec({ app: 'redis', ingress: [], egress: [] })).toMatchObject({
    ingress: [],
    egress: [],
  });
});

test('a proxy finds its control plane, and that opens nothing else', () => {
  expect(proxyPolicySpec()).toMatchObject({
    policyTypes: ['Egress'],
    egress: [{ ports: [{ port: 53 }, { port: 53 }] }, { ports: [{ port: 15012 }] }],
  });
});
