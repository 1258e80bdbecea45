import { randomUUID } from 'node:crypto';
import { createEvent, createKafka, type KafkaPort } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import {
  startKafka,
  startPostgres,
  startRedis,
  type TestKafka,
  type TestPostgres,
  type TestRedis,
} from '@platform/libs/testing';
import request from 'supertest';
import { createApp, createCachedCatalogue } from './app';
import { seedProduct } from './application/seed';
import { createStockConsumer, STOCK_TOPIC } from './messaging/stock-consumer';
import { staff } from './product.fixtures';
import { migrations } from './storage/migrations';
import { createRedisCache, type RedisCache } from './storage/redis-cache';
import { seedProducts } from './storage/seed';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

const logger = createLogger('test', { level: 'silent' });
let postgres: TestPostgres;
let redis: TestRedis;
let broker: TestKafka;
let pool: Pool;
let kafka: KafkaPort;
let shared: RedisCache;

beforeAll(async () => {
  [postgres, redis, broker] = await Promise.all([startPostgres(), startRedis(), startKafka()]);
  pool = createPool({ url: postgres.url, max: 20 });
  await runMigrations({ pool, migrations, lockId: 1 }, () => seedProducts(pool, 1500));
  kafka = createKafka({ brokers: broker.brokers, clientId: 'test', logger });
  await kafka.ensureTopics([STOCK_TOPIC, `${STOCK_TOPIC}.dlq`]);
  shared = createRedisCache(redis.url, 'product:', logger);
}, 240_000);
afterAll(async () => {
  shared?.close();
  await kafka?.close();
  await pool?.end();
  await Promise.all([postgres?.stop(), redis?.stop(), broker?.stop()]);
}, 30_000);

/** A new app has empty caches of its own. */
const app = () =>
  createApp({
    ...{ pool, checkBroker: () => kafka.check(), logger, version: 'v1' },
    ...staff(pool),
    catalogue: createCachedCatalogue({ reads: pool, sharedCache: shared }),
  });
const available = async (id: string): Promise<number> =>
  (await pool.query('select available from products where id = $1', [id])).rows[0].available;
const setStock = (id: string, units: number) =>
  pool.query('update products set available = $2 where id = $1', [id, units]);

describe('catalogue', () => {
  test('shows a seeded product as it was generated', async () => {
    const response = await request(app()).get('/v1/products/prd-00007');
    expect(response.body).toEqual(seedProduct(7));
  });

  test('seeding again changes nothing, stock included', async () => {
    await setStock('prd-00003', 1);
    await seedProducts(pool, 1500);
    expect(await available('prd-00003')).toBe(1);
    expect((await pool.query('select count(*) from products')).rows[0].count).toBe(1500);
  });

  test('answers 404 for a product that does not exist, and 400 for what is no id', async () => {
    expect((await request(app()).get('/v1/products/prd-99999')).body).toMatchObject({ status: 404 });
    expect((await request(app()).get('/v1/products/a%20b')).body).toMatchObject({ status: 400 });
  });

  test.each([
    ['everything', '', 1500],
    ['a category', '&category=audio', undefined],
    ['a search', '&q=kettle', undefined],
    ['a search in a category', '&q=steel&category=kitchen', undefined],
  ])('pages through %s: every product once, none left out', async (_what, filter, expected) => {
    const one = app();
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await request(one).get(
        `/v1/products?limit=100${filter}${cursor && `&cursor=${cursor}`}`,
      );
      ids.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor;
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
    if (expected) expect(ids).toHaveLength(expected);
    if (filter === '&category=audio') {
      const count = await pool.query("select count(*) from products where category = 'audio'");
      expect(ids).toHaveLength(count.rows[0].count);
    }
  });

  test('finds by words, by another form of the word, and in spite of a slip', async () => {
    const names = async (q: string): Promise<string[]> =>
      (await request(app()).get('/v1/products').query({ q, limit: 5 })).body.items.map(
        (p: { name: string }) => p.name,
      );
    for (const q of ['kettle', 'kettles', 'ketle', 'Copper kettle']) {
      expect((await names(q)).every((name) => name.includes('Kettle'))).toBe(true);
    }
    expect((await names('copper kettle'))[0]).toContain('Copper Kettle');
    expect(await names('xyzzyxyzzy')).toEqual([]);
  });

  test.each([
    '?limit=0',
    '?limit=101',
    '?limit=ten',
    '?cursor=nonsense',
    `?q=kettle&cursor=${Buffer.from('["prd-00001"]').toString('base64url')}`,
    '?q=',
    '?q=%00',
    `?q=${'x'.repeat(101)}`,
    '?colour=red',
  ])('refuses %s', async (query) => {
    expect((await request(app()).get(`/v1/products${query}`)).status).toBe(400);
  });

  test.each(["'; drop table products; --", '"quoted', '\\', '% _', '((', '🙂 kettle', 'a & | ! b'])(
    'takes %s for the words it is made of',
    async (q) => {
      expect((await request(app()).get('/v1/products').query({ q })).status).toBe(200);
    },
  );

  test('shows a change of stock within two seconds, also to an instance that had it cached', async () => {
    const one = app();
    const read = async () => (await request(one).get('/v1/products?limit=10')).body.items[9];
    await setStock('prd-00010', 77);
    await read();
    await setStock('prd-00010', 76);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect((await read()).available).toBe(76);
  });
});

describe('stock', () => {
  test('cannot become negative, whoever writes', async () => {
    await expect(setStock('prd-00140', -1)).rejects.toMatchObject({ code: '23514' });
  });

  test('follows what inventory says: the highest version counts, in whatever order and however often it comes', async () => {
    const say = async (productId: string, units: number, version: number, id: string = randomUUID()) => {
      const event = createEvent({
        ...{ id, source: '/inventory-service', type: 'inventory.updated.v1', subject: productId },
        data: { productId, previousStock: 9, currentStock: 9, available: units, version },
      });
      await kafka.publish([{ topic: STOCK_TOPIC, key: productId, value: JSON.stringify(event) }]);
    };
    const consumer = createStockConsumer({ kafka, pool, logger, groupId: 'product-service' });
    await consumer.start();
    await say('prd-00150', 7, 2);
    await say('prd-00150', 5, 4, 'the same');
    await say('prd-00150', 6, 3);
    await say('prd-00150', 5, 4, 'the same');
    await say('prd-of-nobody', 1, 1);
    await say('prd-00150', 4, 4);
    const others = ['prd-00151', 'prd-00152', 'prd-00153'];
    for (const productId of others) await say(productId, 3, 2);
    const different = 8;
    const heard = async () =>
      (await pool.query('select count(*)::int as heard from inbox')).rows[0].heard as number;
    for (const deadline = Date.now() + 60_000; Date.now() < deadline && (await heard()) < different; )
      await new Promise((resolve) => setTimeout(resolve, 50));
    await consumer.stop();
    expect(await heard()).toBe(different);
    expect(await Promise.all(others.map(available))).toEqual([3, 3, 3]);
    expect(await available('prd-00150')).toBe(5);
    expect((await request(app()).get('/v1/products/prd-00150')).body.available).toBe(5);
  });
});

test('keeps answering while the shared cache is away', async () => {
  await redis.stop();
  const response = await request(app()).get('/v1/products?limit=3');
  expect([response.status, response.body.items.length]).toEqual([200, 3]);
});
