import { loadCatalogue } from '../catalog/load';
import { clusterEnvironment } from './messaging';
import { topicLines } from './topics';

test('every topic of the catalogue is made with its dead letters', () => {
  expect(topicLines(loadCatalogue('local'), 1)).toEqual([
    'inventory.reservation.v1:6:604800000:1',
    'inventory.reservation.v1.dlq:1:2592000000:1',
    'inventory.stock.v1:6:604800000:1',
    'inventory.stock.v1.dlq:1:2592000000:1',
    'order.order.v1:6:604800000:1',
    'order.order.v1.dlq:1:2592000000:1',
    'payment.payment.v1:6:604800000:1',
    'payment.payment.v1.dlq:1:2592000000:1',
    'product.product.v1:6:604800000:1',
    'product.product.v1.dlq:1:2592000000:1',
    'shipping.shipment.v1:6:604800000:1',
    'shipping.shipment.v1.dlq:1:2592000000:1',
    'user.user.v1:6:604800000:1',
    'user.user.v1.dlq:1:2592000000:1',
  ]);
});

test('three nodes know each other by name, and keep two copies in sync', () => {
  const env = Object.fromEntries(
    clusterEnvironment(3).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
  );
  expect(env).toMatchObject({
    KAFKA_NODE_ID: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
    KAFKA_CONTROLLER_QUORUM_VOTERS:
      '0@kafka-0.kafka-nodes:9093,1@kafka-1.kafka-nodes:9093,2@kafka-2.kafka-nodes:9093',
    KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://$(POD_NAME).kafka-nodes:9092',
    KAFKA_MIN_INSYNC_REPLICAS: '2',
  });
});

test('one node needs its address only', () => {
  expect(clusterEnvironment(1)).toEqual([
    { name: 'KAFKA_ADVERTISED_LISTENERS', value: 'PLAINTEXT://kafka:9092' },
  ]);
});
