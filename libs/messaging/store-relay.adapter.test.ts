import { createPostgresEventStore, eventStoreMigration, subscriptionMigration } from '../eventstore';
import { createEvent, type KafkaPort, parseEvent, startStoreRelay } from '.';
import { logger, startMessaging, until } from './messaging.fixtures';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

// The store here is PostgreSQL's, through the part of the port that every store has.
let parts: Awaited<ReturnType<typeof startMessaging>>;
let store: ReturnType<typeof createPostgresEventStore>;
beforeAll(async () => {
  parts = await startMessaging({
    '0002-events': eventStoreMigration,
    '0003-checkpoints': subscriptionMigration,
  });
  store = createPostgresEventStore(parts.pool);
}, 240_000);
afterEach(async () => {
  await parts.reset();
  await parts.pool.query('truncate events, checkpoints');
});
afterAll(() => parts?.stop());

const append = (stream: string, count: number, from = 0) =>
  store.append(
    stream,
    Array.from({ length: count }, (_, i) => ({ type: i % 3 === 2 ? 'inner.v1' : 'told.v1', data: {} })),
    from,
  );
const start = async (topic: string, kafka: KafkaPort = parts.kafka) =>
  parts.keep(
    await startStoreRelay({
      ...{ name: 'relay', store, pool: parts.pool, kafka, logger },
      toMessages: async ({ stream, version, type }) =>
        type === 'told.v1'
          ? [
              {
                topic,
                event: createEvent({
                  ...{ id: `${stream}-${version}`, source: '/test', type: 'test.told.v1', subject: stream },
                  data: {},
                }),
              },
            ]
          : [],
    }),
  );

test('tells of each event that others are to hear of, in order per stream, and goes on where it stopped', async () => {
  const topic = await parts.newTopic();
  const messages = await parts.collect(topic);
  const ids = () => messages.map(({ value }) => parseEvent(value).id);
  await append('a', 6);
  await append('b', 6);
  const first = await start(topic);
  await until('the past', () => messages.length === 8);
  await first.stop();
  await append('a', 3, 6);
  await start(topic);
  await until('the present', () => messages.length === 10);

  expect(ids().filter((id) => id.startsWith('a'))).toEqual(['a-1', 'a-2', 'a-4', 'a-5', 'a-7', 'a-8']);
  expect(ids().filter((id) => id.startsWith('b'))).toEqual(['b-1', 'b-2', 'b-4', 'b-5']);
  expect(messages[0]).toMatchObject({
    key: expect.stringMatching(/^[ab]$/),
    headers: { 'ce-type': 'test.told.v1' },
  });
});

test('tells again, with the same ids, what it had told when it died before it could note it', async () => {
  const topic = await parts.newTopic();
  const messages = await parts.collect(topic);
  await append('a', 3);
  let publications = 0;
  const dying: KafkaPort = {
    ...parts.kafka,
    async publish(some) {
      await parts.kafka.publish(some);
      if (publications++ === 0) throw new Error('killed');
    },
  };
  await start(topic, dying);
  await until('both tellings', () => messages.length === 4);
  expect(messages.map(({ value }) => parseEvent(value).id)).toEqual(['a-1', 'a-2', 'a-1', 'a-2']);
});
