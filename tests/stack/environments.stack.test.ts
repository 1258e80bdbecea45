import { render, type Stack } from './stack';

jest.setTimeout(180_000);

const endpoints: Record<string, string> = {
  local: 'http://istio-ingressgateway.istio-ingress',
  staging: 'https://staging.shop.example.com',
  production: 'https://shop.example.com',
};
const services = [
  ...['cart-service', 'inventory-service', 'notification-service', 'order-service', 'payment-service'],
  'product-service',
  'shipping-service',
  'user-service',
];

describe.each(['local', 'staging', 'production'])('the %s stack', (name) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await render(name);
  });

  test('renders, and breaks no policy', () => {
    expect(stack.errors()).toEqual([]);
    expect(stack.result.violations.filter(({ level }) => level === 'mandatory')).toEqual([]);
    expect(stack.result.exitCode).toBe(0);
  });

  test('says where it is and what is in it', () => {
    expect(stack.result.outputs).toMatchObject({
      environment: name,
      namespace: 'ecommerce-platform',
      endpoint: endpoints[name],
      services,
    });
  });

  test('lives in a namespace with name, environment and restricted pods', () => {
    expect(stack.one('Namespace', 'ecommerce-platform').metadata.labels).toMatchObject({
      name: 'ecommerce-platform',
      environment: name,
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  test('has blue with pods and green without, each with Service and autoscaler', () => {
    for (const service of services) {
      expect(stack.one('Deployment', `${service}-blue`).spec.replicas).toBeGreaterThan(0);
      expect(stack.one('Deployment', `${service}-green`).spec.replicas).toBe(0);
      for (const suffix of ['', '-blue', '-green']) {
        expect(stack.one('Service', `${service}${suffix}`).spec.ports).toEqual([
          expect.objectContaining({ port: 80 }),
        ]);
      }
      for (const colour of ['blue', 'green']) {
        const { scaleTargetRef } = stack.one('HorizontalPodAutoscaler', `${service}-${colour}`).spec;
        expect(scaleTargetRef.name).toBe(`${service}-${colour}`);
      }
    }
  });

  test('denies by default, and opens for each workload what it declares', () => {
    const policies = stack.all('NetworkPolicy');
    expect(policies).toContainEqual(
      expect.objectContaining({ spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } }),
    );
    const governed = policies.map(({ spec }) => spec.podSelector.matchLabels?.app);
    for (const workload of stack.workloads()) {
      expect(governed).toContain(workload.spec.template.metadata.labels.app);
    }
  });

  test('lets cart and order call product, and only cart and user call order', () => {
    const mayEnter = (service: string) =>
      stack
        .one('NetworkPolicy', service)
        .spec.ingress.flatMap(({ from }: { from: { podSelector: { matchLabels: { app?: string } } }[] }) =>
          from.map(({ podSelector }) => podSelector.matchLabels.app ?? 'gateway'),
        );
    expect(mayEnter('product-service')).toEqual([
      'gateway',
      'cart-service',
      'order-service',
      'consul',
      'consul',
    ]);
    expect(mayEnter('order-service')).toEqual([
      'gateway',
      'cart-service',
      'user-service',
      'consul',
      'consul',
    ]);
    if (name === 'local') expect(mayEnter('redis')).toEqual(['product-service', 'redis-password']);
    expect(mayEnter('notification-service')).toEqual(['gateway', 'user-service', 'consul', 'consul']);
    expect(mayEnter('user-service')).toEqual([
      'gateway',
      'cart-service',
      'inventory-service',
      'notification-service',
      'order-service',
      'payment-service',
      'product-service',
      'shipping-service',
      // Behind Kong its own proxy checks tokens, with the keys it publishes.
      ...(name === 'local' ? [] : ['user-service']),
      'consul',
      'consul',
    ]);
  });

  test('mounts no token and runs every container under restricted rules', () => {
    for (const { metadata, spec } of stack.workloads()) {
      const pod = spec.template.spec;
      expect([metadata.name, pod.automountServiceAccountToken]).toEqual([metadata.name, false]);
      for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
        });
      }
    }
  });
});

test('only the local stack runs stand-ins for payment gateways, carriers and a mail server, and makes up their keys', async () => {
  const [local, staging] = [
    await render('local', { policies: false }),
    await render('staging', { policies: false }),
  ];
  expect(local.one('Deployment', 'payment-sandbox').spec.template.spec.containers).toHaveLength(2);
  expect(local.one('Deployment', 'carriers-sandbox').spec.template.spec.containers).toHaveLength(1);
  for (const name of ['payment', 'carriers', 'mail'])
    expect(() => staging.one('Deployment', `${name}-sandbox`)).toThrow();
  for (const name of ['stripe', 'carriers', 'smtp']) {
    expect(local.one('Secret', `${name}-secret`)).toBeDefined();
    expect(() => staging.one('Secret', `${name}-secret`)).toThrow();
  }
});
