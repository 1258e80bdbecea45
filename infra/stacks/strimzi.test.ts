import { loadCatalogue } from '../catalog/load';
import { parseConfig } from '../config';
import { kafkaSpec, nodePoolSpec, topicSpec } from './strimzi';
import { grantsOf } from './topics';

const config = parseConfig({ 'ecommerce-platform:environment': 'production' });

/** `operation,… type:name` of each. */
const grants = (name: string) => {
  const service = loadCatalogue('production').find((each) => each.name === name);
  if (!service) throw new Error(`no ${name}`);
  return grantsOf(service).map(
    ({ operations, resource }) =>
      `${operations?.join(',')} ${resource.type}:${resource.name}${resource.patternType === 'prefix' ? '*' : ''}`,
  );
};

test('a service may write what it produces, read what it consumes, and nothing more', () => {
  expect(grants('order')).toEqual([
    'Write,Describe topic:order.order.v1',
    'Read,Describe topic:inventory.reservation.v1',
    'Read,Write,Describe topic:inventory.reservation.v1.dlq',
    'Read,Describe topic:payment.payment.v1',
    'Read,Write,Describe topic:payment.payment.v1.dlq',
    'Read,Describe topic:shipping.shipment.v1',
    'Read,Write,Describe topic:shipping.shipment.v1.dlq',
    'Read,Describe topic:user.user.v1',
    'Read,Write,Describe topic:user.user.v1.dlq',
    'Read,Describe group:order-service*',
  ]);
});

test('a service that only produces may only write', () => {
  expect(grants('user')).toEqual(['Write,Describe topic:user.user.v1']);
});

test('clients are encrypted and known by password; only they may come in', () => {
  expect(kafkaSpec(config.kafka, ['order-service']).kafka.listeners).toEqual([
    expect.objectContaining({
      tls: true,
      type: 'internal',
      authentication: { type: 'scram-sha-512' },
      networkPolicyPeers: [{ podSelector: { matchLabels: { app: 'order-service' } } }],
    }),
  ]);
});

test('a topic has three copies, two of them in step', () => {
  const topic = { name: 'a.b.v1', partitions: 6, retentionHours: 168 };
  expect(topicSpec(topic, 3)).toEqual({
    partitions: 6,
    replicas: 3,
    config: { 'retention.ms': 604_800_000, 'min.insync.replicas': 2, 'cleanup.policy': 'delete' },
  });
  expect(topicSpec(topic, 1)).toMatchObject({ replicas: 1, config: { 'min.insync.replicas': 1 } });
});

test('controllers and brokers are apart, each on volumes that outlive them', () => {
  for (const role of ['broker', 'controller'] as const) {
    const { roles, replicas, storage } = nodePoolSpec(role, config);
    expect([roles, replicas]).toEqual([[role], 3]);
    expect(storage.volumes).toEqual([
      expect.objectContaining({ type: 'persistent-claim', deleteClaim: false }),
    ]);
  }
});
