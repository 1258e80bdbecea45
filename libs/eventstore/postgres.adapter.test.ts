import { createPool, type Pool, runMigrations, withTransaction } from '../postgres';
import { startPostgres, type TestPostgres } from '../testing';
import { createPostgresEventStore, eventStoreMigration } from './postgres';
import { ConcurrencyConflict, type EventStore, START } from './store';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
let pool: Pool;
let store: EventStore;
beforeAll(async () => {
  server = await startPostgres();
  pool = createPool({ url: server.url });
  await runMigrations({ pool, migrations: { '0001-events': eventStoreMigration }, lockId: 1 });
  store = createPostgresEventStore(pool);
}, 180_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});
beforeEach(() => pool.query('truncate events'));

const happened = (what: string) => ({ type: `${what}.v1`, data: { what } });

test('gives back what was appended, in order, with versions from 1', async () => {
  await withTransaction(pool, (client) =>
    store.append(client, 'order-1', [happened('placed'), happened('paid')], 0),
  );
  const version = await withTransaction(pool, (client) =>
    store.append(client, 'order-1', [happened('sent')], 2),
  );

  expect(version).toBe(3);
  const events = await store.readStream('order-1');
  expect(events.map(({ type, version }) => [type, version])).toEqual([
    ['placed.v1', 1],
    ['paid.v1', 2],
    ['sent.v1', 3],
  ]);
  expect(events[0]?.data).toEqual({ what: 'placed' });
  expect(await store.readStream('order-2')).toEqual([]);
});

test.each([
  ['a stream that was to be new exists', 0],
  ['the stream has moved on', 1],
  ['the stream is not that far', 5],
])('refuses to append when %s', async (_case, expected) => {
  await withTransaction(pool, (client) => store.append(client, 's', [happened('a'), happened('b')], 0));
  await expect(
    withTransaction(pool, (client) => store.append(client, 's', [happened('c')], expected)),
  ).rejects.toThrow(ConcurrencyConflict);
  expect(await store.readStream('s')).toHaveLength(2);
});

test('lets one of many writers of the same version through', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () =>
      withTransaction(pool, (client) => store.append(client, 's', [happened('x')], 0)),
    ),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) {
    if (result.status === 'rejected')
      expect(result.reason).toMatchObject({ code: 'CONCURRENCY_CONFLICT', retriable: true });
  }
});

test('shows no event to readers while a transaction that could still put one before it is open', async () => {
  const slow = await pool.connect();
  await slow.query('begin');
  await store.append(slow, 'slow', [happened('early')], 0);
  await withTransaction(pool, (client) => store.append(client, 'fast', [happened('late')], 0));

  const whileOpen = await store.readAll(START, 10);
  await slow.query('commit');
  slow.release();
  const after = await store.readAll(whileOpen.at(-1)?.position ?? START, 10);

  expect(whileOpen).toEqual([]);
  expect(after.map(({ stream }) => stream)).toEqual(['slow', 'fast']);
});

test('a reader that goes on from its last position meets every event exactly once under concurrent writers', async () => {
  const seen: string[] = [];
  let position = START;
  let writing = true;
  const read = async () => {
    const events = await store.readAll(position, 7);
    seen.push(...events.map(({ stream }) => stream));
    position = events.at(-1)?.position ?? position;
    return events.length;
  };
  const writers = Promise.all(
    Array.from({ length: 6 }, async (_, writer) => {
      for (let i = 0; i < 15; i++) {
        await withTransaction(pool, async (client) => {
          await store.append(client, `${writer}-${i}`, [happened('x')], 0);
          await client.query('select pg_sleep(random() * 0.01)');
        });
      }
    }),
  ).then(() => {
    writing = false;
  });
  while (writing || (await read()) > 0) await read();
  await writers;
  while ((await read()) > 0);

  expect(seen).toHaveLength(90);
  expect(new Set(seen).size).toBe(90);
});
