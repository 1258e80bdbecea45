import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Pool, withTransaction } from '../postgres';
import { wholeTableReads } from '../testing';
import {
  type EventConsumer,
  enqueueEvents,
  type Handler,
  handler,
  type KafkaPort,
  type ReceivedMessage,
  type Relay,
  startRelay,
} from '.';
import { event, logger, startMessaging, until } from './messaging.fixtures';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let parts: Awaited<ReturnType<typeof startMessaging>>;
let pool: Pool;
let kafka: KafkaPort;
beforeAll(async () => {
  parts = await startMessaging();
  ({ pool, kafka } = parts);
}, 240_000);
afterEach(() => parts.reset());
afterAll(() => parts?.stop());

const newTopic = () => parts.newTopic();
const collect = (topic: string) => parts.collect(topic);
const effects = () => parts.effects();
const relay = async (): Promise<Relay> => parts.keep(await startRelay({ pool, kafka, logger }));

const write = (topic: string, ...events: ReturnType<typeof event>[]) =>
  withTransaction(pool, (client) => enqueueEvents(client, topic, events));
const numberOf = (message: ReceivedMessage): number => JSON.parse(String(message.value)).data.n;

async function consume(topic: string, handle: Handler['handle']): Promise<EventConsumer> {
  const consumer = parts.consumer(topic, {
    'test.happened.v1': handler(z.object({ n: z.number() }), handle),
  });
  await consumer.start();
  return parts.keep(consumer);
}

const recordEffect: Handler['handle'] = async ({ data }, { client }) => {
  await client.query('insert into effects (what) values ($1)', [String((data as { n: number }).n)]);
};
test('publishes what was committed within a moment, and never what was rolled back', async () => {
  const topic = await newTopic();
  await relay();
  const messages = await collect(topic);
  await expect(
    withTransaction(pool, async (client) => {
      await enqueueEvents(client, topic, [event('a', 1)]);
      throw new Error('changed my mind');
    }),
  ).rejects.toThrow('changed my mind');
  await write(topic, event('a', 2));
  await until('the event arrives', () => messages.length === 1);

  expect(messages.map(numberOf)).toEqual([2]);
  expect(messages[0]).toMatchObject({ key: 'a', headers: { 'ce-type': 'test.happened.v1' } });
  await until('the outbox is empty', async () => (await pool.query('select 1 from outbox')).rowCount === 0);
});

test('publishes later, in order per key, what a process wrote that died before it could publish', async () => {
  const topic = await newTopic();
  // No relay is running: that is what a kill between commit and publish leaves behind.
  for (let n = 0; n < 30; n++) await write(topic, event(`key-${n % 3}`, n));
  const messages = await collect(topic);
  await Promise.all([relay(), relay(), relay()]);
  await until('all arrive', () => messages.length === 30);

  for (const key of ['key-0', 'key-1', 'key-2']) {
    const numbers = messages.filter((message) => message.key === key).map(numberOf);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(numbers).toHaveLength(10);
  }
});

test('of several relays another takes over when the session of the one at work ends', async () => {
  const topic = await newTopic();
  await relay();
  await relay();
  const messages = await collect(topic);
  await write(topic, event('a', 1));
  await until('the first arrives', () => messages.length === 1);
  const { rowCount } = await pool.query(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and objid = 7204118`,
  );
  expect(rowCount).toBe(1);
  await write(topic, event('a', 2));
  await until('the second arrives', () => messages.length === 2);

  expect(messages.map(numberOf)).toEqual([1, 2]);
});

test('takes up together what is in no hurry', async () => {
  const topic = await newTopic();
  const calls: number[] = [];
  const onMessages = async ({ messages }: { messages: ReceivedMessage[] }) =>
    void calls.push(messages.length);
  const subscription = await kafka.subscribe({
    ...{ groupId: randomUUID(), topics: [topic], batchSize: 100, withinMs: 1000, onMessages },
  });
  parts.keep(subscription);
  await until('it has joined', () => subscription.joined());
  for (let n = 0; n < 20; n++) {
    await kafka.publish([{ topic, key: 'a', value: JSON.stringify(event('a', n)) }]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until('all have come', () => calls.reduce((sum, count) => sum + count, 0) === 20);

  expect(calls.length).toBeLessThan(10);
});

test('sleeps while there is nothing to handle', async () => {
  const consumer = await consume(await newTopic(), recordEffect);
  await until('it has joined', () => consumer.joined());
  const timers = jest.spyOn(global, 'setTimeout');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const started = timers.mock.calls.length;
  timers.mockRestore();
  // One look a millisecond would be two thousand.
  expect(started).toBeLessThan(200);
});

test('handles an event once, however often it is delivered', async () => {
  const topic = await newTopic();
  await consume(topic, recordEffect);
  const value = JSON.stringify(event('a', 7, 'the-same-id'));
  await kafka.publish([1, 2, 3].map(() => ({ topic, key: 'a', value })));
  await kafka.publish([{ topic, key: 'a', value: JSON.stringify(event('a', 8)) }]);
  await until('the last is handled', async () => (await effects()).includes('8'));

  expect(await effects()).toEqual(['7', '8']);
});

test('tries again what failed, without a trace of the failed tries', async () => {
  const topic = await newTopic();
  const attempts: number[] = [];
  await consume(topic, async (received, context) => {
    attempts.push(context.attempt);
    await recordEffect(received, context);
    if (context.attempt < 3) throw new Error('not yet');
  });
  await kafka.publish([{ topic, key: 'a', value: JSON.stringify(event('a', 1)) }]);
  await until('it is handled', async () => (await effects()).length > 0);

  expect(attempts).toEqual([1, 2, 3]);
  expect(await effects()).toEqual(['1']);
});

test('puts what cannot be handled into the dead letters with the reason, and goes on', async () => {
  const topic = await newTopic();
  const letters = await collect(`${topic}.dlq`);
  const attempts: number[] = [];
  await consume(topic, async (received, context) => {
    const { n } = received.data as { n: number };
    attempts.push(n);
    if (n === 1) throw Object.assign(new Error('never for jane@example.org'), { retriable: false });
    if (n === 2) throw new Error('always broken');
    await recordEffect(received, context);
  });
  const values = [
    'not json',
    JSON.stringify({ specversion: '1.0', id: '1', source: '/x' }),
    JSON.stringify({ ...event('a', 0), data: { n: 'no number' } }),
    JSON.stringify(event('a', 1)),
    JSON.stringify(event('a', 2)),
    JSON.stringify({ ...event('a', 0), type: 'test.unknown.v9' }),
    JSON.stringify({ ...event('a', 3), added: 'later', data: { n: 3, more: true } }),
  ];
  await kafka.publish(values.map((value) => ({ topic, key: 'a', value })));
  await until('the last is handled', async () => (await effects()).includes('3'));
  await until('the letters arrive', () => letters.length === 5);

  expect(attempts).toEqual([1, 2, 2, 2, 3]);
  expect(letters.map(({ headers }) => headers['dlq-reason'])).toEqual([
    'the message is not JSON',
    expect.stringContaining('no CloudEvent: type'),
    expect.stringContaining('test.happened.v1 is not usable: n'),
    'never for ***@***',
    'always broken',
  ]);
  expect(letters[4]).toMatchObject({
    key: 'a',
    headers: { 'dlq-topic': topic, 'dlq-attempts': '3', 'dlq-consumer': `group-${topic}` },
  });
  expect(String(letters[0]?.value)).toBe('not json');
});

test('hands an event over again after a crash before the commit, and the inbox keeps it from happening twice', async () => {
  const topic = await newTopic();
  const groupId = randomUUID();
  await kafka.publish([{ topic, key: 'a', value: JSON.stringify(event('a', 1)) }]);
  let crashed = false;
  const dying = await kafka.subscribe({
    groupId,
    topics: [topic],
    onMessage: async () => {
      crashed = true;
      throw new Error('killed before the offset was committed');
    },
  });
  await until('it was delivered', () => crashed);
  await dying.stop();
  const again: ReceivedMessage[] = [];
  parts.keep(
    await kafka.subscribe({
      groupId,
      topics: [topic],
      onMessage: async ({ message }) => {
        again.push(message);
      },
    }),
  );
  await until('it comes again', () => again.length === 1);
});

test('relays a burst at a rate far above what a shop needs', async () => {
  const topic = await newTopic();
  const messages = await collect(topic);
  await withTransaction(pool, (client) =>
    enqueueEvents(
      client,
      topic,
      Array.from({ length: 3000 }, (_, n) => event(`key-${n % 50}`, n)),
    ),
  );
  const started = Date.now();
  await relay();
  await until(
    'the outbox is empty',
    async () => (await pool.query('select 1 from outbox limit 1')).rowCount === 0,
  );
  const perSecond = 3000 / ((Date.now() - started) / 1000);
  await until('all arrive', () => messages.length === 3000);

  expect(perSecond).toBeGreaterThan(300);
});

test('relays and remembers without looking through what waits or what was', async () => {
  const topic = await newTopic();
  await pool.query(
    `insert into outbox (topic, key, event) select $1, 'key-' || n % 50, $2 from generate_series(1, 5000) n`,
    [topic, event('key', 1)],
  );
  for (let batch = 0; batch < 10; batch++) {
    // Each id is locked until the end of its transaction, so not all in one.
    await pool.query(
      `insert into inbox (consumer, event_id) select 'group', $1 || '-' || n from generate_series(1, 1000) n`,
      [batch],
    );
  }
  const reads = await wholeTableReads(parts.url, async (watched, round) => {
    await enqueueAndRecord(watched, topic, round);
    const started = await startRelay({ pool: watched, kafka, logger, batchSize: 50 });
    await until(
      'the outbox is empty',
      async () => (await pool.query('select from outbox limit 1')).rowCount === 0,
    );
    await started.stop();
  });
  expect(reads).toEqual([]);
});

test('reads a batch without all that waits behind it', async () => {
  const waiting = 5000;
  const topic = await newTopic();
  await pool.query(
    `insert into outbox (topic, key, event) select $1, 'key-' || n % 50, $2 from generate_series(1, $3::int) n`,
    [topic, event('key', 1), waiting],
  );
  const entriesRead = async (): Promise<number> => {
    const { rows } = await pool.query(
      `select idx_tup_read from pg_stat_user_indexes where indexrelname = 'outbox_pkey'`,
    );
    return rows[0].idx_tup_read;
  };
  const before = await entriesRead();
  const started = await startRelay({ pool, kafka, logger, batchSize: 100 });
  await until(
    'the outbox is empty',
    async () => (await pool.query('select from outbox limit 1')).rowCount === 0,
  );
  await started.stop();
  // A session counts at its end, or a second after what it did.
  let read = 0;
  await until('everything is counted', async () => {
    const soFar = read;
    read = (await entriesRead()) - before;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return read >= waiting && read === soFar;
  });
  // Each message is read, and found again to be removed. Reading all that waits for each batch would be many times that.
  expect(read).toBeLessThan(4 * waiting);
});

/** What a consumer's transaction does around its own work. */
const enqueueAndRecord = (on: Pool, topic: string, n: number) =>
  withTransaction(on, async (client) => {
    await client.query('insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing', [
      'group',
      `new ${n}`,
    ]);
    await enqueueEvents(client, topic, [event('key', n)]);
  });

test('marks what the broker refuses, keeps back what follows under the same key, and publishes the rest', async () => {
  const topic = await newTopic();
  const messages = await collect(topic);
  const huge = { ...event('a', 2), data: { n: 2, text: 'x'.repeat(1_200_000) } };
  await write(topic, event('a', 1), huge, event('a', 3), event('b', 4));
  await relay();
  // Those beside it in the refused request may come twice.
  const arrived = () => [...new Set(messages.map(numberOf))].sort();
  await until('what can be published', () => arrived().length === 2);
  await write(topic, event('a', 5), event('b', 6));
  await until('what comes later', () => arrived().length === 3);

  expect(arrived()).toEqual([1, 4, 6]);
  const { rows } = await pool.query(
    `select (event->'data'->>'n')::int as n, refused from outbox order by id`,
  );
  expect(rows).toEqual([
    { n: 2, refused: expect.stringContaining('The broker refuses the message') },
    { n: 3, refused: null },
    { n: 5, refused: null },
  ]);
});

// Last, because it takes the broker away from everyone.
test('keeps events while the broker is away, tells the truth about it, and carries on when it is back', async () => {
  const topic = await newTopic();
  const messages = await collect(topic);
  await relay();
  await write(topic, event('a', 1));
  await until('the first arrives', () => messages.length === 1);

  await parts.broker.kill();
  await expect(kafka.check()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', retriable: true });
  await write(topic, event('a', 2), event('a', 3));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await pool.query('select 1 from outbox')).rowCount).toBe(2);

  await parts.broker.restart();
  await until('the others arrive', () => messages.length >= 3, 90_000);
  await kafka.check();
  expect([...new Set(messages.map(numberOf))]).toEqual([1, 2, 3]);
}, 240_000);
