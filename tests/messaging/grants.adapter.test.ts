// The grants that the catalogue gives each service, on a real Kafka that enforces them, through the library the services use.
import { applyGrants, applyTopics, readWanted } from '@platform/libs/kafka-admin';
import { createKafka, type KafkaPort } from '@platform/libs/messaging';
import { createLogger } from '@platform/libs/telemetry';
import { type SecureKafka, startSecureKafka } from '@platform/libs/testing';
import { Kafka, logLevel } from 'kafkajs';
import { loadCatalogue } from '../../infra/catalog/load';
import { grantsText, topicLines } from '../../infra/stacks/topics';

jest.setTimeout(120_000);

const passwords = { 'order-service': 'order0password', 'payment-service': 'payment0password' };
type User = keyof typeof passwords;
const logger = createLogger('test', { level: 'silent' });
let broker: SecureKafka;
let clients: KafkaPort[] = [];

const connect = (username: User, password: string = passwords[username], ca = broker.ca) => {
  const login = { username, password };
  const client = createKafka({ brokers: broker.brokers, clientId: username, logger, tls: { ca, login } });
  clients.push(client);
  return client;
};

/** One message out of a topic, or nothing within the time. */
const receive = async (client: KafkaPort, groupId: string, topic: string, ms: number) => {
  let take: (value: string | undefined) => void = () => undefined;
  const received = new Promise<string | undefined>((resolve) => {
    take = resolve;
  });
  const subscription = await client.subscribe({
    groupId,
    topics: [topic],
    onMessage: async ({ message: { value } }) => take(String(value)),
  });
  setTimeout(() => take(undefined), ms).unref();
  await received;
  await subscription.stop();
  return received;
};

/** What Strimzi's operators do with topics and users, and our Job where the brokers are AWS's: its tool does it here. */
const grantAll = async () => {
  const services = loadCatalogue('production');
  const admin = new Kafka({ brokers: broker.backDoor, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const wanted = readWanted({
    KAFKA_TOPICS: topicLines(services, 1).join('\n'),
    KAFKA_GRANTS: grantsText(services),
  });
  await applyTopics(admin, wanted.KAFKA_TOPICS, () => undefined);
  await applyGrants(admin, wanted.KAFKA_GRANTS, () => undefined);
  await admin.disconnect();
};

beforeAll(async () => {
  broker = await startSecureKafka(passwords);
  await grantAll();
}, 240_000);
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
});
afterAll(() => broker?.stop());

const message = (topic: string, value: string) => [{ topic, key: 'k', value }];

test('a service writes what it produces, and another reads it in a group of its own name', async () => {
  await connect('order-service').publish(message('order.order.v1', 'placed'));
  const read = await receive(connect('payment-service'), 'payment-service', 'order.order.v1', 60_000);
  expect(read).toBe('placed');
});

test('a service puts aside what it cannot use, and finds it again', async () => {
  const payment = connect('payment-service');
  await payment.publish(message('order.order.v1.dlq', 'strange'));
  const found: string[] = [];
  await payment.readToEnd({
    ...{ groupId: 'payment-service-dead-letters', topic: 'order.order.v1.dlq' },
    onMessage: async ({ value }) => void found.push(String(value)),
  });
  expect(found).toEqual(['strange']);
});

test('a service is told how the broker is without being granted anything for it', async () => {
  await connect('order-service').check();
});

test.each([
  ['write what another produces', 'payment.payment.v1'],
  ['write into its own dead letters', 'order.order.v1.dlq'],
])('a service may not %s', async (_title, topic) => {
  await expect(connect('order-service').publish(message(topic, 'forged'))).rejects.toThrow(/authoriz/i);
});

test('a service reads neither what it did not ask for nor in a group of another', async () => {
  await connect('order-service').publish(message('order.order.v1', 'again'));
  expect(await receive(connect('order-service'), 'order-service', 'order.order.v1', 4_000)).toBeUndefined();
  expect(await receive(connect('payment-service'), 'order-service', 'order.order.v1', 4_000)).toBeUndefined();
});

test('a wrong password and a stranger’s certificate are refused', async () => {
  await expect(connect('order-service', 'wrong').check()).rejects.toThrow(/does not answer/);
  const system = createKafka({
    ...{ brokers: broker.brokers, clientId: 'order-service', logger },
    tls: { login: { username: 'order-service', password: passwords['order-service'] } },
  });
  clients.push(system);
  await expect(system.check()).rejects.toThrow(/certificate|self-signed/i);
});
