import { localImages, type Rendered, render, type Stack } from './stack';

jest.setTimeout(180_000);

const services = [
  ...['cart-service', 'inventory-service', 'notification-service', 'order-service', 'payment-service'],
  'product-service',
  'shipping-service',
  'user-service',
];
const variables = (deployment: Rendered) =>
  new Map<string, Rendered>(
    deployment.spec.template.spec.containers[0].env.map((one: { name: string }) => [one.name, one]),
  );

describe('discovery in production', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await render('production', { policies: false });
  });

  test('has three servers on volumes of their own, apart from each other', () => {
    const { spec } = stack.one('StatefulSet', 'consul');
    expect(spec.replicas).toBe(3);
    expect(spec.volumeClaimTemplates).toHaveLength(1);
    expect(spec.template.spec.affinity.podAntiAffinity).toBeDefined();
    expect(stack.one('PodDisruptionBudget', 'consul').spec.maxUnavailable).toBe(1);
  });

  test('tells every process who it is, by the downward API, and its token by reference', () => {
    for (const service of services) {
      const env = variables(stack.one('Deployment', `${service}-blue`));
      expect(env.get('INSTANCE_ID')?.valueFrom.fieldRef.fieldPath).toBe('metadata.name');
      expect(env.get('INSTANCE_ADDRESS')?.valueFrom.fieldRef.fieldPath).toBe('status.podIP');
      expect(env.get('CONSUL_TOKEN')?.valueFrom.secretKeyRef.key).toBe('token');
      expect(env.get('CONSUL_URLS')?.value.split(',')).toHaveLength(3);
    }
  });

  test('lets Consul reach the port of a service and its check port, and nothing else in the namespace', () => {
    const { egress } = stack.one('NetworkPolicy', 'consul').spec;
    const ports = egress.flatMap(({ to, ports }: Rendered) =>
      services.includes(to[0].podSelector?.matchLabels.app) ? ports.map(({ port }: Rendered) => port) : [],
    );
    expect(new Set(ports)).toEqual(new Set([3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 8502]));
  });

  test('gives each service a name for its instances, on the port of the pods', () => {
    expect(stack.one('Service', 'product-service-instances').spec).toMatchObject({
      clusterIP: 'None',
      ports: [{ name: 'http', port: 3001, targetPort: 3001, appProtocol: 'http' }],
    });
    expect(stack.one('DestinationRule', 'product-service-instances').spec.trafficPolicy.tls).toEqual({
      mode: 'ISTIO_MUTUAL',
    });
  });

  test('keeps the check port out of the sidecars of both ends', () => {
    const annotations = (kind: string, name: string) =>
      stack.one(kind, name).spec.template.metadata.annotations;
    expect(
      annotations('Deployment', 'product-service-blue')['traffic.sidecar.istio.io/excludeInboundPorts'],
    ).toBe('8502');
    expect(annotations('StatefulSet', 'consul')['traffic.sidecar.istio.io/excludeOutboundPorts']).toContain(
      '8502',
    );
  });
});

test('is left out of the local stack until there is an image for it', async () => {
  const images = JSON.parse(localImages['ecommerce-platform:images']);
  delete images.consul;
  const stack = await render('local', {
    config: { 'ecommerce-platform:images': JSON.stringify(images) },
    policies: false,
  });
  expect(stack.errors()).toEqual([]);
  expect(() => stack.one('StatefulSet', 'consul')).toThrow();
  expect(variables(stack.one('Deployment', 'order-service-blue')).has('CONSUL_URLS')).toBe(false);
});
