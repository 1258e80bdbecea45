import { createPool, type Pool, runMigrations, withTransaction } from '../postgres';
import { startPostgres, type TestPostgres } from '../testing';
import { conformsToEventStore } from './conformance';
import { createPostgresEventStore, eventStoreMigration } from './postgres';
import { START, type TransactionalEventStore } from './store';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
let pool: Pool;
let store: TransactionalEventStore;
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

describe('events in PostgreSQL', () => {
  conformsToEventStore(() => store);
});

describe('events in a transaction of the caller', () => {
  const happened = (what: string) => ({ type: `${what}.v1`, data: { what } });
  beforeEach(() => pool.query('truncate events'));

  test('are there for it at once, and for others when it commits', async () => {
    await withTransaction(pool, async (client) => {
      const streams = store.within(client);
      expect(await streams.append('s', [happened('a')], 0)).toBe(1);
      expect(await streams.readStream('s')).toHaveLength(1);
      expect(await store.readStream('s')).toEqual([]);
    });
    expect(await store.readStream('s')).toHaveLength(1);
  });

  test('were never there when it is rolled back', async () => {
    const failing = withTransaction(pool, async (client) => {
      await store.within(client).append('s', [happened('a')], 0);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await store.readStream('s')).toEqual([]);
  });

  test('are shown to no reader while a transaction that could still put one before them is open', async () => {
    const slow = await pool.connect();
    await slow.query('begin');
    await store.within(slow).append('slow', [happened('early')], 0);
    await store.append('fast', [happened('late')], 0);

    const whileOpen = await store.readAll(START, 10);
    await slow.query('commit');
    slow.release();
    const after = await store.readAll(whileOpen.at(-1)?.position ?? START, 10);

    expect(whileOpen).toEqual([]);
    expect(after.map(({ stream }) => stream)).toEqual(['slow', 'fast']);
  });

  test('are met exactly once by a reader while transactions that take their time overlap', async () => {
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
            await store.within(client).append(`${writer}-${i}`, [happened('x')], 0);
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
});
