import { createPool, type Pool, runMigrations } from '../postgres';
import { createLogger } from '../telemetry';
import { startPostgres, type TestPostgres } from '../testing';
import { createPostgresEventStore, eventStoreMigration } from './postgres';
import { createProjection, type Projection, type ProjectionTable } from './projection';
import type { TransactionalEventStore } from './store';
import { type Subscription, subscriptionMigration } from './subscription';

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
  await pool.query('create table totals (stream text primary key, total integer not null)');
  store = createPostgresEventStore(pool);
}, 180_000);
beforeEach(() => pool.query('truncate events, checkpoints, totals'));
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  running = [];
});
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

interface Added {
  type: 'added.v1';
  data: { n: number };
}
const totals = (version: number, factor = 1): Projection<number, Added> => ({
  ...{ name: 'totals', version },
  keyOf: ({ stream }) => stream,
  handlers: { 'added.v1': (total = 0, { data }) => total + data.n * factor },
});
const table: ProjectionTable<number> = {
  async load(client, keys) {
    const { rows } = await client.query('select stream, total from totals where stream = any($1)', [keys]);
    return new Map(rows.map(({ stream, total }) => [stream, total]));
  },
  async save(client, rows) {
    for (const [stream, total] of rows)
      await client.query('insert into totals values ($1, $2) on conflict (stream) do update set total = $2', [
        stream,
        total,
      ]);
  },
  clear: async (client) => void (await client.query('delete from totals')),
};
const create = (projection: Projection<number, Added>) =>
  createProjection({ projection, table, store, pool, logger, batchSize: 3, pollMs: 100 });
const start = async (projection: Projection<number, Added>) => {
  const one = await create(projection).start();
  running.push(one);
  return one;
};
const add = async (stream: string, ...numbers: number[]) =>
  store.append(
    stream,
    numbers.map((n) => ({ type: 'added.v1', data: { n } })),
    'any',
  );
const rows = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await pool.query('select stream, total from totals order by stream')).rows.map(({ stream, total }) => [
      stream,
      total,
    ]),
  );
const become = async (expected: Record<string, number>) => {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    if (JSON.stringify(await rows()) === JSON.stringify(expected)) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await rows()).toEqual(expected);
};

test('rows follow the events, across batches and restarts', async () => {
  await add('a', 1, 2, 3, 4);
  const first = await start(totals(1));
  await become({ a: 10 });
  await first.stop();
  await add('a', 5);
  await start(totals(1));
  await become({ a: 15 });
});

test('a rebuild makes the rows anew from the first event, and following goes on behind it', async () => {
  await start(totals(1));
  await add('a', 1, 2, 3, 4, 5, 6, 7);
  await become({ a: 28 });
  await pool.query(`update totals set total = 99`);
  expect(await create(totals(1)).rebuild()).toBe(7);
  expect(await rows()).toEqual({ a: 28 });
  await add('a', 2);
  await become({ a: 30 });
});

test('readers see the old rows until a rebuild is through', async () => {
  await add('a', 1, 2, 3, 4);
  await create(totals(1)).rebuild();
  const seen: unknown[] = [];
  const watched: ProjectionTable<number> = {
    ...table,
    async save(client, changed) {
      await table.save(client, changed);
      seen.push(await rows());
    },
  };
  const projection = totals(1);
  await createProjection({ projection, table: watched, store, pool, logger, batchSize: 1 }).rebuild();
  expect(seen).toEqual(Array(4).fill({ a: 10 }));
});

test('a higher version is made anew by whoever runs it first; code of the version before leaves it alone', async () => {
  await add('a', 1, 2);
  await start(totals(1));
  await become({ a: 3 });
  await start(totals(2, 10));
  await become({ a: 30 });
  await add('a', 1);
  await become({ a: 40 });
});

test('a rebuild under concurrent writers loses nothing and counts nothing twice', async () => {
  await start(totals(1));
  const writing = (async () => {
    for (let i = 0; i < 60; i++) await add(`s-${i % 3}`, 1);
  })();
  for (let i = 0; i < 4; i++) await create(totals(1)).rebuild();
  await writing;
  await become({ 's-0': 20, 's-1': 20, 's-2': 20 });
});
