import { createPool, type Pool, runMigrations, withTransaction } from '../postgres';
import { createLogger } from '../telemetry';
import { startPostgres, type TestPostgres } from '../testing';
import { createPostgresEventStore, eventStoreMigration } from './postgres';
import type { TransactionalEventStore } from './store';
import { lagOf, type Subscription, subscribe, subscriptionMigration } from './subscription';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

const logger = createLogger('test', { level: 'silent' });
let server: TestPostgres;
let pool: Pool;
let store: TransactionalEventStore;
let running: Subscription[] = [];
beforeAll(async () => {
  server = await startPostgres();
  pool = createPool({ url: server.url, max: 20 });
  const migrations = { '0001-events': eventStoreMigration, '0002-checkpoints': subscriptionMigration };
  await runMigrations({ pool, migrations, lockId: 1 });
  await pool.query('create table seen (id serial, stream text not null, version integer not null)');
  store = createPostgresEventStore(pool);
}, 180_000);
beforeEach(() => pool.query('truncate events, checkpoints, seen restart identity'));
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  running = [];
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

const append = (stream: string, count: number, from = 0) =>
  store.append(
    stream,
    Array.from({ length: count }, () => ({ type: 'x.v1', data: {} })),
    from,
  );
const until = async (what: string, condition: () => unknown | Promise<unknown>): Promise<void> => {
  for (const deadline = Date.now() + 45_000; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const seen = async (): Promise<string[]> =>
  (await pool.query('select stream, version from seen order by id')).rows.map(
    ({ stream, version }) => `${stream} ${version}`,
  );
type Options = Parameters<typeof subscribe>[0];
const record: Options['onEvents'] = async (events, client) => {
  for (const { stream, version } of events)
    await client.query('insert into seen (stream, version) values ($1, $2)', [stream, version]);
};
const start = async (more: Partial<Options> = {}) => {
  const one = await subscribe({ name: 'record', store, pool, logger, onEvents: record, ...more });
  running.push(one);
  return one;
};

test('catches up with what happened before, then follows what happens', async () => {
  await append('old', 30);
  await start({ batchSize: 7, pollMs: 3_600_000 });
  await until('the past', async () => (await seen()).length === 30);
  const began = Date.now();
  await append('new', 2);
  await until('the present', async () => (await seen()).length === 32);
  // Woken, not by looking once an hour.
  expect(Date.now() - began).toBeLessThan(20_000);
  expect((await seen()).slice(-2)).toEqual(['new 1', 'new 2']);
});

test('goes on where it stopped', async () => {
  await append('a', 5);
  const first = await start();
  await until('the first five', async () => (await seen()).length === 5);
  await first.stop();
  await append('a', 3, 5);
  await start();
  await until('the others', async () => (await seen()).length === 8);
  expect(await seen()).toEqual(Array.from({ length: 8 }, (_, i) => `a ${i + 1}`));
});

test('is given the same events again after a failure, and has seen each once', async () => {
  await append('a', 10);
  let failures = 0;
  await start({
    batchSize: 4,
    async onEvents(events, client) {
      await record(events, client);
      if (failures++ % 2 === 0) throw new Error('not now');
    },
  });
  await until('all', async () => (await seen()).length === 10);
  expect(await seen()).toEqual(Array.from({ length: 10 }, (_, i) => `a ${i + 1}`));
});

test('sees each event once and in order, however many instances run and stop', async () => {
  const writing = (async () => {
    for (let i = 0; i < 60; i++) await append(`s-${i % 3}`, 1, Math.floor(i / 3));
  })();
  const instances = await Promise.all([
    start({ batchSize: 5 }),
    start({ batchSize: 5 }),
    start({ batchSize: 5 }),
  ]);
  await instances[0]?.stop();
  await writing;
  await until('all', async () => (await seen()).length >= 60);
  const all = await seen();
  expect(all).toHaveLength(60);
  for (const stream of ['s-0', 's-1', 's-2'])
    expect(all.filter((one) => one.startsWith(stream))).toEqual(
      Array.from({ length: 20 }, (_, i) => `${stream} ${i + 1}`),
    );
});

test('meets an event whose transaction ends after later ones, though nobody notifies then', async () => {
  await start({ pollMs: 500 });
  await withTransaction(pool, async (slow) => {
    await slow.query('select pg_current_xact_id()');
    await append('held back', 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await seen()).toEqual([]);
  });
  await until('the event', async () => (await seen()).length === 1);
});

test('lags by the age of the oldest event it has not taken up', async () => {
  const later = (seconds: number) => new Date(Date.now() + seconds * 1000);
  expect(await lagOf(store, pool, 'record', later(60))).toBe(0);
  await append('a', 2);
  const lag = await lagOf(store, pool, 'record', later(60));
  expect(lag).toBeGreaterThan(55);
  expect(lag).toBeLessThan(120);
  await start();
  await until('both', async () => (await seen()).length === 2);
  expect(await lagOf(store, pool, 'record', later(60))).toBe(0);
});
