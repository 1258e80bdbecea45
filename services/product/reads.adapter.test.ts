// Where products are read from: a copy of the database that follows it, and caches that are warm before customers come.
import {
  createPool,
  type Pool,
  type Queryable,
  readsFrom,
  runMigrations,
  withTransaction,
} from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres, startRedis, type TestPostgres, type TestRedis } from '@platform/libs/testing';
import { createClient } from 'redis';
import request from 'supertest';
import { createApp, createCachedCatalogue } from './app';
import { CATEGORIES } from './application/seed';
import { keepWarm } from './application/warm';
import { staff } from './product.fixtures';
import { migrations } from './storage/migrations';
import { createRedisCache } from './storage/redis-cache';
import { seedProducts } from './storage/seed';
import { followStock } from './storage/stock';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

const logger = createLogger('test', { level: 'silent' });
let postgres: TestPostgres;
let copy: Pick<TestPostgres, 'url' | 'stop'>;
let redis: TestRedis;
let database: Pool;
let copyPool: Pool;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  database = createPool({ url: postgres.url });
  await runMigrations({ pool: database, migrations, lockId: 1 }, () => seedProducts(database, 500));
  copy = await postgres.startCopy();
  copyPool = createPool({ url: copy.url, name: 'copy' });
}, 180_000);
afterAll(async () => {
  await Promise.all([database?.end(), copyPool?.end()]);
  await Promise.all([postgres?.stop(), redis?.stop()]);
}, 30_000);

/** Notes what is asked of `pool`. */
const listening = (pool: Queryable) => {
  const asked: string[] = [];
  const query = (statement: { name: string }) => {
    asked.push(statement.name);
    return pool.query(statement as never);
  };
  return { asked, query: query as unknown as Queryable['query'] };
};
const until = async (condition: () => Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + 30_000; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error('not within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

describe('a copy of the database', () => {
  /** Nothing is cached. */
  const read = async (reads: Queryable, path: string) => {
    const catalogue = createCachedCatalogue({ reads, ttlMs: 1 });
    const app = createApp({
      ...staff(database),
      pool: database,
      checkBroker: async () => undefined,
      catalogue,
      logger,
      version: 'v1',
    });
    return request(app).get(path);
  };

  test('is where lists, searches and single products are read, and it is the copy that answers', async () => {
    const [onCopy, onDatabase] = [listening(copyPool), listening(database)];
    const reads = readsFrom(onCopy, onDatabase);
    for (const path of ['?limit=3', '?category=audio', '?q=kettle', '/prd-00007']) {
      expect((await read(reads, `/v1/products${path}`)).status).toBe(200);
    }
    // A search has no name, so that it is planned for its words; products of the page and the single one are read by id.
    expect(onCopy.asked).toEqual([
      ...['products', 'products-category', undefined, 'products-by-ids', 'products-by-ids'],
    ]);
    expect(onDatabase.asked).toEqual([]);
    expect((await copyPool.query('select pg_is_in_recovery() as follows')).rows[0].follows).toBe(true);
  });

  test('shows a change of stock a moment later, which is made where it can be written', async () => {
    const change = (pool: Pool) =>
      withTransaction(pool, (client) =>
        followStock(client, { productId: 'prd-00008', available: 7777, version: 2 }),
      );
    await expect(change(copyPool)).rejects.toThrow(/read-only|recovery/);
    await change(database);
    await until(async () => {
      const { body: now } = await read(readsFrom(copyPool, database), '/v1/products/prd-00008');
      return now.available === 7777;
    });
  });

  test('is not needed: without one the database itself is read', async () => {
    const onDatabase = listening(database);
    expect((await read(readsFrom(undefined, onDatabase), '/v1/products/prd-00007')).status).toBe(200);
    expect(onDatabase.asked).toEqual(['products-by-ids']);
  });

  test('does not hide a statement that is at fault', async () => {
    const onDatabase = listening(database);
    await expect(
      readsFrom(copyPool, onDatabase).query({ name: 'wrong', text: 'select nothing' }),
    ).rejects.toThrow(/does not exist/);
    expect(onDatabase.asked).toEqual([]);
  });

  test('that goes away is left alone for five seconds at a time, and taken back when it answers', async () => {
    const [onCopy, onDatabase] = [listening(copyPool), listening(database)];
    let now = 0;
    const reads = readsFrom(onCopy, onDatabase, () => now);
    const ask = async () => (await read(reads, '/v1/products/prd-00007')).status;
    await copy.stop();
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 200]);
    expect([onCopy.asked.length, onDatabase.asked.length]).toEqual([1, 3]);

    now += 5000;
    expect([await ask(), await ask()]).toEqual([200, 200]);
    expect([onCopy.asked.length, onDatabase.asked.length]).toEqual([2, 5]);

    const another = await postgres.startCopy();
    const anotherPool = createPool({ url: another.url });
    onCopy.query = ((statement: { name: string }) => {
      onCopy.asked.push(statement.name);
      return anotherPool.query(statement as never);
    }) as unknown as Queryable['query'];
    now += 5000;
    expect([await ask(), await ask()]).toEqual([200, 200]);
    await anotherPool.end();
    expect([onCopy.asked.length, onDatabase.asked.length]).toEqual([4, 5]);
  });
});

describe('a new instance', () => {
  const sharedKeys = async (): Promise<string[]> => {
    const client = createClient({ url: redis.url });
    await client.connect();
    const keys = await client.keys('warm:*');
    client.destroy();
    return keys;
  };

  test('puts the first pages into the shared cache, where other instances find them without the database', async () => {
    const sharedCache = createRedisCache(redis.url, 'warm:', logger);
    await until(async () => (await createProbe(sharedCache)) !== undefined);
    await createCachedCatalogue({ reads: database, sharedCache, ttlMs: 60_000 }).warm();
    expect(await sharedKeys()).toHaveLength(1 + CATEGORIES.length + 1);

    const nothing = listening({ query: (() => Promise.reject(new Error('asked'))) as never });
    const other = createCachedCatalogue({ reads: nothing, sharedCache, ttlMs: 60_000 });
    const first = JSON.parse(await other.pageJson({ limit: 20 })) as { items: { id: string }[] };
    for (const category of CATEGORIES) await other.pageJson({ limit: 20, category });
    expect(first.items).toHaveLength(20);
    expect(nothing.asked).toEqual([]);
    sharedCache.close();
  });

  test('has them at hand whenever the first customer comes, though nothing cached lives that long', async () => {
    let away = false;
    const reads = listening({
      query: ((statement: never) =>
        away ? Promise.reject(new Error('asked')) : database.query(statement)) as never,
    });
    const catalogue = createCachedCatalogue({ reads, ttlMs: 1000 });
    const stop = keepWarm({ catalogue, logger, everyMs: 200, forMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    away = true;
    const page = JSON.parse(await catalogue.pageJson({ limit: 20, category: 'audio' }));
    expect(JSON.parse((await catalogue.productJson(page.items[0].id)) as string)).toEqual(page.items[0]);
    stop();
  });

  test('leaves it to customers after a while, and never fails for want of a database', async () => {
    let rounds = 0;
    const warm = () => {
      rounds++;
      return Promise.reject(new Error('no database'));
    };
    keepWarm({ catalogue: { warm }, logger, everyMs: 10, forMs: 100 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const soFar = rounds;
    expect(soFar).toBeGreaterThan(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(rounds).toBe(soFar);
  });
});

/** The connection to Redis takes a moment, and until then every read is a miss. */
async function createProbe(cache: ReturnType<typeof createRedisCache>): Promise<string | undefined> {
  cache.set('probe', 'there', 60_000);
  return cache.get('probe');
}
