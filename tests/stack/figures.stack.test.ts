// R6 and R7, figure by figure, as they come out of the whole program.
import { render, type Stack } from './stack';

jest.setTimeout(180_000);

let stack: Stack;
beforeAll(async () => {
  stack = await render('production', { policies: false });
});

const services = [
  ['product-service', 3001, 'database-secret'],
  ['order-service', 3002, 'order-database-secret'],
  ['user-service', 3003, 'user-database-secret'],
  ['payment-service', 3004, 'payment-database-secret'],
  ['shipping-service', 3005, 'shipping-database-secret'],
  ['inventory-service', 3006, 'inventory-database-secret'],
  ['cart-service', 3008, 'cart-database-secret'],
  ['notification-service', 3007, 'notification-database-secret'],
] as const;

describe.each(services)('%s', (name, port, databaseSecret) => {
  const deployment = () => stack.one('Deployment', `${name}-blue`);
  const container = () => deployment().spec.template.spec.containers[0];

  test('starts with five pods labelled app and version', () => {
    expect(deployment().spec.replicas).toBe(5);
    expect(deployment().spec.template.metadata.labels).toMatchObject({
      app: name,
      version: 'v1',
      colour: 'blue',
    });
    expect(deployment().metadata.labels).toMatchObject({ app: name, version: 'v1' });
  });

  test('asks for 200m and 256Mi, and gets 500m and 512Mi at most', () => {
    expect(container().resources).toEqual({
      requests: { cpu: '200m', memory: '256Mi' },
      limits: { cpu: '500m', memory: '512Mi' },
    });
  });

  test('is alive by /health after 30 s every 10 s, ready by /ready after 5 s every 5 s', () => {
    expect(container().livenessProbe).toMatchObject({
      httpGet: { path: '/health', port },
      initialDelaySeconds: 30,
      periodSeconds: 10,
    });
    expect(container().readinessProbe).toMatchObject({
      httpGet: { path: '/ready', port },
      initialDelaySeconds: 5,
      periodSeconds: 5,
    });
  });

  test('reads its database from its Secret', () => {
    expect(container().env).toContainEqual({
      name: 'DATABASE_URL',
      valueFrom: { secretKeyRef: { name: databaseSecret, key: 'url' } },
    });
  });

  test('is reached on port 80 inside the cluster', () => {
    expect(stack.one('Service', name).spec).toMatchObject({
      type: 'ClusterIP',
      selector: { app: name },
      ports: [{ port: 80, targetPort: port }],
    });
    expect(container().ports).toEqual([expect.objectContaining({ containerPort: port })]);
  });

  test('scales from 3 to 20 at 70 % CPU and 80 % memory', () => {
    const { spec } = stack.one('HorizontalPodAutoscaler', `${name}-blue`);
    expect([spec.minReplicas, spec.maxReplicas]).toEqual([3, 20]);
    expect(
      spec.metrics.map(
        ({ resource }: { resource: { name: string; target: { averageUtilization: number } } }) => [
          resource.name,
          resource.target.averageUtilization,
        ],
      ),
    ).toEqual([
      ['cpu', 70],
      ['memory', 80],
    ]);
  });

  test('loses one pod at a time to maintenance', () => {
    expect(stack.one('PodDisruptionBudget', name).spec.maxUnavailable).toBe(1);
  });

  test('is called with the limits of R7', () => {
    const { trafficPolicy } = stack.one('DestinationRule', name).spec;
    expect(trafficPolicy.connectionPool).toEqual({
      tcp: { maxConnections: 100 },
      http: { http1MaxPendingRequests: 50, maxRequestsPerConnection: 10 },
    });
    expect(trafficPolicy.outlierDetection).toEqual({
      consecutive5xxErrors: 5,
      interval: '30s',
      baseEjectionTime: '30s',
      maxEjectionPercent: 50,
    });
  });
});

test('product reads its cache from redis-secret', () => {
  expect(stack.one('Deployment', 'product-service-blue').spec.template.spec.containers[0].env).toContainEqual(
    {
      name: 'REDIS_URL',
      valueFrom: { secretKeyRef: { name: 'redis-secret', key: 'url' } },
    },
  );
});

describe('the front door of Istio', () => {
  test('speaks TLS 1.3 and sends plain requests there', async () => {
    const istio = await render('production', {
      policies: false,
      config: { 'ecommerce-platform:gateway': 'istio' },
    });
    const [plain, encrypted] = istio.one('Gateway', 'front-door').spec.servers;
    expect(plain.tls).toEqual({ httpsRedirect: true });
    expect(encrypted.tls).toMatchObject({ mode: 'SIMPLE', minProtocolVersion: 'TLSV1_3' });
  });
});

test('the front door of Kong ends TLS, and every route sends plain requests there', () => {
  const { listeners } = stack.one('Gateway', 'front-door').spec;
  expect(listeners.map(({ protocol }: { protocol: string }) => protocol)).toEqual(['HTTP', 'HTTPS']);
  expect(listeners[1].tls).toEqual({
    mode: 'Terminate',
    certificateRefs: [{ kind: 'Secret', name: 'gateway-tls' }],
  });
  for (const { metadata } of stack.all('HTTPRoute')) {
    expect(metadata.annotations).toMatchObject({
      'konghq.com/protocols': 'https',
      'konghq.com/https-redirect-status-code': '308',
    });
  }
});
