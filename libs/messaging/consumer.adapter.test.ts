import { z } from 'zod';
import { type Handler, handler } from '.';
import { event, startMessaging, until } from './messaging.fixtures';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let parts: Awaited<ReturnType<typeof startMessaging>>;
beforeAll(async () => {
  parts = await startMessaging();
}, 240_000);
afterEach(() => parts.reset());
afterAll(() => parts?.stop());

const numbered = z.object({ n: z.number() });
const recorded: Handler['handle'] = async ({ data }, { client }) => {
  await client.query('insert into effects (what) values ($1)', [String((data as { n: number }).n)]);
};
const handlers = (handle: Handler['handle']) => ({ 'test.happened.v1': handler(numbered, handle) });
const publish = (topic: string, values: (object | string)[]) =>
  parts.kafka.publish(
    values.map((value) => ({
      ...{ topic, key: 'a' },
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
  );
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const transactions = async (): Promise<number> =>
  (await parts.pool.query('select count(distinct xmin::text)::int as count from inbox')).rows[0].count;

describe('messages that wait', () => {
  test('are handled together, in order, each once', async () => {
    const topic = await parts.newTopic();
    await publish(topic, [
      ...numbers(0, 300).map((n) => event('a', n)),
      event('a', 300, 'twice'),
      event('a', 300, 'twice'),
    ]);
    await parts.keep(parts.consumer(topic, handlers(recorded))).start();
    await until('all', async () => (await parts.effects()).includes('300'));
    expect(await parts.effects()).toEqual(numbers(0, 301).map(String));
    expect(await transactions()).toBeLessThan(60);
  });

  test('do not fail together: what can be handled is, and only the rest is put aside', async () => {
    const topic = await parts.newTopic();
    const letters = await parts.collect(`${topic}.dlq`);
    await publish(topic, [...numbers(0, 40).map((n) => event('a', n)), 'not json', event('a', 40)]);
    const consumer = parts.consumer(
      topic,
      handlers(async (received, context) => {
        await recorded(received, context);
        if ((received.data as { n: number }).n === 7) throw new Error('never');
      }),
    );
    await parts.keep(consumer).start();
    await until('all', async () => (await parts.effects()).includes('40'));
    await until('the letters', () => letters.length === 2);
    expect(await parts.effects()).toEqual(
      numbers(0, 41)
        .filter((n) => n !== 7)
        .map(String),
    );
    expect(letters.map(({ headers }) => headers['dlq-reason'])).toEqual(['never', 'the message is not JSON']);
  });

  test('do not make others wait for a lock that one of them needs', async () => {
    const topic = await parts.newTopic();
    await parts.pool.query(`insert into effects (what) values ('locked')`);
    const other = await parts.pool.connect();
    await other.query('begin');
    await other.query(`select 1 from effects where what = 'locked' for update`);
    await publish(
      topic,
      numbers(0, 20).map((n) => event('a', n)),
    );
    const consumer = parts.consumer(
      topic,
      handlers(async (received, context) => {
        if ((received.data as { n: number }).n === 19)
          await context.client.query(`update effects set what = 'free' where what = 'locked'`);
        await recorded(received, context);
      }),
    );
    await parts.keep(consumer).start();
    // The other 19 commit, each for itself, while the lock is still held.
    await until('the others', async () => (await parts.effects()).includes('18'));
    await other.query('commit');
    other.release();
    await until('the last', async () => (await parts.effects()).includes('19'));
    expect(await parts.effects()).toContain('free');
  });
});

test('events of an older version are handed over as they would be written today', async () => {
  const topic = await parts.newTopic();
  const old = { ...event('a', 0), type: 'test.happened.v0', data: { text: '41' } };
  await publish(topic, [old, event('a', 42)]);
  const upcasts = {
    'test.happened.v0': {
      to: 'test.happened.v1',
      data: ({ text }: { text: string }) => ({ n: Number(text) }),
    },
  };
  await parts.keep(parts.consumer(topic, handlers(recorded), { upcasts })).start();
  await until('both', async () => (await parts.effects()).length === 2);
  expect(await parts.effects()).toEqual(['41', '42']);
});

describe('dead letters', () => {
  const withLetters = async (count: number) => {
    const topic = await parts.newTopic();
    const letters = await parts.collect(`${topic}.dlq`);
    const broken = parts.consumer(
      topic,
      handlers(async () => {
        throw Object.assign(new Error('a bug'), { retriable: false });
      }),
    );
    await parts.keep(broken).start();
    await publish(
      topic,
      numbers(0, count).map((n) => event('a', n)),
    );
    await until('the letters', () => letters.length === count);
    await broken.stop();
    return topic;
  };

  test('are listed with what is known of them, and nothing of what they say', async () => {
    const topic = await withLetters(2);
    const listed = await parts.consumer(topic, {}).deadLetters(topic);
    expect(listed).toHaveLength(2);
    expect(listed[0]).toEqual({
      ...{ topic: `${topic}.dlq`, offset: '0', partition: expect.any(Number) },
      ...{ id: expect.any(String), type: 'test.happened.v1', subject: 'a' },
      ...{ reason: 'a bug', attempts: 1, time: expect.stringMatching(/^\d{4}-.*Z$/), handled: false },
    });
    expect(await parts.consumer(topic, {}, { groupId: 'somebody else' }).deadLetters(topic)).toEqual([]);
  });

  test('of a topic without any are none', async () => {
    expect(await parts.consumer('nowhere', {}).deadLetters('nowhere')).toEqual([]);
  });

  test('are replayed through the inbox: twice changes nothing', async () => {
    const topic = await withLetters(5);
    const mended = parts.consumer(topic, handlers(recorded));
    const first = await mended.replay(topic);
    expect(first.map(({ outcome }) => outcome)).toEqual(Array(5).fill('handled'));
    const second = await mended.replay(topic);
    expect(second.map(({ outcome }) => outcome)).toEqual(Array(5).fill('duplicate'));
    expect(await parts.effects()).toEqual(numbers(0, 5).map(String));
    expect((await mended.deadLetters(topic)).every(({ handled }) => handled)).toBe(true);
  });

  test('that fail again stay where they are, and hold up no other', async () => {
    const topic = await withLetters(3);
    const half = parts.consumer(
      topic,
      handlers(async (received, context) => {
        await recorded(received, context);
        if ((received.data as { n: number }).n === 1) throw new Error('still broken for jane@example.org');
      }),
    );
    expect((await half.replay(topic)).map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['handled', undefined],
      ['failed', 'still broken for ***@***'],
      ['handled', undefined],
    ]);
    expect(await parts.effects()).toEqual(['0', '2']);
    const mended = parts.consumer(topic, handlers(recorded));
    expect((await mended.replay(topic)).map(({ outcome }) => outcome)).toEqual([
      'duplicate',
      'handled',
      'duplicate',
    ]);
  });

  test('older than the memory of what was handled are left alone', async () => {
    const topic = await withLetters(1);
    const forgetful = parts.consumer(topic, handlers(recorded), { inboxDays: 0 });
    expect((await forgetful.replay(topic)).map(({ outcome }) => outcome)).toEqual(['too-old']);
    expect(await parts.effects()).toEqual([]);
  });
});
