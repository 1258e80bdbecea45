// On a real Kafka that enforces grants, through its door for administrators.
import { type SecureKafka, startSecureKafka } from '@platform/libs/testing';
import { type Admin, ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { applyGrants, applyTopics } from './apply';
import type { WantedGrants } from './wanted';

jest.setTimeout(60_000);

let broker: SecureKafka;
let admin: Admin;
let said: string[] = [];
const say = (line: string) => said.push(line);

const topic = (figures: object = {}) => ({
  ...{ name: 'order.order.v1', partitions: 2, retentionMs: 86_400_000, replication: 1 },
  ...figures,
});
const partitions = async () =>
  (await admin.fetchTopicMetadata({ topics: ['order.order.v1'] })).topics[0]?.partitions.length;
const retention = async () => {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: 'order.order.v1', configNames: ['retention.ms'] }],
  });
  return resources[0]?.configEntries[0]?.configValue;
};

const allow = (type: 'topic' | 'group', name: string, ...operations: ('Read' | 'Write' | 'Describe')[]) => ({
  ...{ type: 'allow' as const, operations },
  resource: { type, name, patternType: 'literal' as const },
});
const grants: WantedGrants = {
  'order-service': [allow('topic', 'order.order.v1', 'Write', 'Describe')],
  'payment-service': [
    allow('topic', 'order.order.v1', 'Read', 'Describe'),
    allow('group', 'payment-service', 'Read'),
  ],
};

beforeAll(async () => {
  broker = await startSecureKafka({ 'order-service': 'order0password' });
  admin = new Kafka({ brokers: broker.backDoor, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
}, 240_000);
beforeEach(() => {
  said = [];
});
afterAll(async () => {
  await admin?.disconnect();
  await broker?.stop();
});

test('topics are made with their figures, and left alone when they are asked for again', async () => {
  await applyTopics(admin, [topic()], say);
  expect([await partitions(), await retention()]).toEqual([2, '86400000']);
  expect(said).toEqual(['created topic order.order.v1']);
  await applyTopics(admin, [topic()], say);
  expect(said).toHaveLength(1);
});

test('a topic gets more partitions and another retention, and never fewer partitions', async () => {
  await applyTopics(admin, [topic({ partitions: 3, retentionMs: 3_600_000 })], say);
  expect([await partitions(), await retention()]).toEqual([3, '3600000']);
  await applyTopics(admin, [topic({ partitions: 1, retentionMs: 3_600_000 })], say);
  expect(await partitions()).toBe(3);
});

test('grants are given once, and taken away from a user that is to have fewer', async () => {
  await applyGrants(admin, grants, say);
  await applyGrants(admin, grants, say);
  expect(said).toEqual(['grants: 5 given, 0 taken away']);
  await applyGrants(admin, { ...grants, 'payment-service': [] }, say);
  expect(said.at(-1)).toBe('grants: 0 given, 3 taken away');
  await applyGrants(admin, grants, say);
  expect(said.at(-1)).toBe('grants: 3 given, 0 taken away');
});

test('grants of users that are not named stay as they are', async () => {
  await applyGrants(admin, grants, say);
  await applyGrants(admin, { 'order-service': [] }, say);
  said = [];
  await applyGrants(admin, grants, say);
  expect(said).toEqual(['grants: 2 given, 0 taken away']);
});
