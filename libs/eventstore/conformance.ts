import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import {
  ConcurrencyConflict,
  type EventStore,
  type NewEvent,
  type PositionedEvent,
  START,
  type StoredEvent,
} from './store';

/**
 * What every adapter of the port must do, as tests. The store may hold events of others; `open` is called before the first test,
 * and nothing is closed here.
 */
export function conformsToEventStore(open: () => EventStore): void {
  const happened = (what: string): NewEvent => ({ type: `${what}.v1`, data: { what } });
  const newStream = () => `conformance-${randomUUID()}`;
  const facts = (events: StoredEvent[]) => events.map(({ version, type }) => [version, type]);
  let store: EventStore;
  beforeAll(() => {
    store = open();
  });

  let end = START;
  /** Where the store ends at this moment. */
  const here = async () => {
    for (;;) {
      const last = (await store.readAll(end, 500)).at(-1);
      if (!last) return end;
      end = last.position;
    }
  };
  /** Everything after `position` in streams that `mine` names, page by page, until `enough` of it was seen. */
  const follow = async (
    position: string,
    mine: (stream: string) => boolean,
    enough: number,
    page: number,
  ) => {
    const seen: PositionedEvent[] = [];
    for (const deadline = Date.now() + 30_000; seen.length < enough && Date.now() < deadline; ) {
      const events = await store.readAll(position, page);
      expect(events.length).toBeLessThanOrEqual(page);
      seen.push(...events.filter(({ stream }) => mine(stream)));
      position = events.at(-1)?.position ?? position;
    }
    return seen;
  };

  test('gives back what was appended, in order, with versions from 1', async () => {
    const stream = newStream();
    const began = Date.now();
    const data = { text: 'Grüße, 購入 "quoted"', amount: 1999, nested: [{ none: null }], flag: false };
    const metadata = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
    expect(await store.append(stream, [{ type: 'a.v1', data, metadata }, happened('b')], 0)).toBe(2);
    expect(await store.append(stream, [happened('c')], 2)).toBe(3);

    const events = await store.readStream(stream);
    expect(facts(events)).toEqual([
      [1, 'a.v1'],
      [2, 'b.v1'],
      [3, 'c.v1'],
    ]);
    expect(events[0]).toMatchObject({ stream, data, metadata });
    expect(events[1]?.metadata).toEqual({});
    // Clocks of two machines may differ.
    expect(Math.abs(events[0]!.recordedAt.getTime() - began)).toBeLessThan(60_000);
  });

  test('reads a stream from a version on, and an unknown stream as empty', async () => {
    const stream = newStream();
    await store.append(stream, ['a', 'b', 'c'].map(happened), 0);
    expect(facts(await store.readStream(stream, 2))).toEqual([
      [2, 'b.v1'],
      [3, 'c.v1'],
    ]);
    expect(await store.readStream(stream, 4)).toEqual([]);
    expect(await store.readStream(newStream())).toEqual([]);
    expect(await store.readStream(newStream(), 3)).toEqual([]);
  });

  test.each([
    ['a stream that was to be new exists', 0],
    ['the stream has moved on', 1],
    ['the stream is not that far', 5],
  ])('refuses to append when %s, and appends nothing', async (_case, expected) => {
    const stream = newStream();
    await store.append(stream, [happened('a'), happened('b')], 0);
    const refused = store.append(stream, [happened('c'), happened('d')], expected);
    await expect(refused).rejects.toThrow(ConcurrencyConflict);
    await expect(refused).rejects.toMatchObject({ code: 'CONCURRENCY_CONFLICT', retriable: true, stream });
    expect(await store.readStream(stream)).toHaveLength(2);
  });

  test('refuses a version of a stream that does not exist', async () => {
    await expect(store.append(newStream(), [happened('a')], 1)).rejects.toThrow(ConcurrencyConflict);
  });

  test('appends without looking where nothing is expected', async () => {
    const stream = newStream();
    expect(await store.append(stream, [happened('a')], 'any')).toBe(1);
    expect(await store.append(stream, [happened('b')], 'any')).toBe(2);
  });

  test('lets one of many writers of the same version through', async () => {
    const stream = newStream();
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, writer) => store.append(stream, [happened(`writer-${writer}`)], 0)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConcurrencyConflict);
    expect(await store.readStream(stream)).toHaveLength(1);
  });

  test('behaves like a list per stream, whatever is appended in whatever order', async () => {
    const command = fc.record({
      stream: fc.nat(2),
      count: fc.integer({ min: 1, max: 3 }),
      expected: fc.oneof(fc.constant('right' as const), fc.constant('any' as const), fc.nat(4)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
        const streams = [newStream(), newStream(), newStream()];
        const model: string[][] = [[], [], []];
        const began = await here();
        let total = 0;
        for (const [step, { stream, count, expected }] of commands.entries()) {
          const list = model[stream]!;
          const events = Array.from({ length: count }, (_, i) => happened(`${step}-${i}`));
          const version = expected === 'right' ? list.length : expected;
          const outcome = await store.append(streams[stream]!, events, version).catch((error) => error);
          if (version !== 'any' && version !== list.length) {
            expect(outcome).toBeInstanceOf(ConcurrencyConflict);
            continue;
          }
          list.push(...events.map(({ type }) => type));
          total += count;
          expect(outcome).toBe(list.length);
        }
        const all = await follow(began, (stream) => streams.includes(stream), total, 4);
        for (const [index, list] of model.entries()) {
          const expected = list.map((type, i) => [i + 1, type]);
          expect(facts(await store.readStream(streams[index]!))).toEqual(expected);
          expect(facts(all.filter(({ stream }) => stream === streams[index]))).toEqual(expected);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('lets a reader that goes on from its last position meet every event exactly once, under concurrent writers', async () => {
    const began = await here();
    const prefix = newStream();
    const writing = Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        for (let i = 0; i < 15; i++) await store.append(`${prefix}-${writer}`, [happened(`${i}`)], i);
      }),
    );
    const seen = await follow(began, (stream) => stream.startsWith(prefix), 90, 7);
    await writing;
    expect(seen).toHaveLength(90);
    for (let writer = 0; writer < 6; writer++) {
      const versions = seen
        .filter(({ stream }) => stream === `${prefix}-${writer}`)
        .map((one) => one.version);
      expect(versions).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    }
  });

  test('tells a watcher that something was appended, until it is stopped', async () => {
    let told = 0;
    const watching = await store.watch(() => {
      told++;
    });
    // A watcher may be told once at the start, for what it could have missed.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = told;
    await store.append(newStream(), [happened('a')], 0);
    for (const deadline = Date.now() + 10_000; told === before && Date.now() < deadline; )
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told).toBeGreaterThan(before);
    await watching.stop();
    const after = told;
    await store.append(newStream(), [happened('b')], 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(told).toBe(after);
  });
}
