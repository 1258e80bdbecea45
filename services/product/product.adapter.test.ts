import { randomUUID } from 'node:crypto';
import {
  breaches,
  createEvent,
  createKafka,
  type KafkaPort,
  parseEvent,
  type ReceivedMessage,
  startRelay,
} from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations, withTransaction } from '@platform/libs/postgres';
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
import { published } from './application/published';
import { releaseStock, reserveStock } from './application/reserve';
import { seedProduct } from './domain/seed';
import { createStockConsumer, ORDER_TOPIC, STOCK_TOPIC } from './messaging/stock-consumer';
import { migrations } from './storage/migrations';
import { createRedisCache, type RedisCache } from './storage/redis-cache';
import { seedProducts } from './storage/seed';
import { createStockStore } from './storage/stock';

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
  await kafka.ensureTopics([ORDER_TOPIC, `${ORDER_TOPIC}.dlq`, STOCK_TOPIC]);
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
    catalogue: createCachedCatalogue({ reads: pool, sharedCache: shared }),
  });
const available = async (id: string): Promise<number> =>
  (await pool.query('select available from products where id = $1', [id])).rows[0].available;
const setStock = (id: string, units: number) =>
  pool.query('update products set available = $2 where id = $1', [id, units]);
const reserve = (orderId: string, ...lines: [string, number][]) =>
  withTransaction(pool, (client) =>
    reserveStock(
      createStockStore(client),
      orderId,
      lines.map(([productId, quantity]) => ({ productId, quantity })),
    ),
  );
const release = (orderId: string) =>
  withTransaction(pool, (client) => releaseStock(createStockStore(client), orderId));

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
  test('never sells more than there is, however many want the last units at once', async () => {
    await setStock('prd-00100', 7);
    await setStock('prd-00101', 1000);
    const orders = Array.from({ length: 60 }, () => randomUUID());
    const results = await Promise.all(
      // Lines in both orders, which would deadlock if rows were locked as they come.
      orders.map((order, n) =>
        n % 2 === 0
          ? reserve(order, ['prd-00100', 1], ['prd-00101', 1])
          : reserve(order, ['prd-00101', 1], ['prd-00100', 1]),
      ),
    );
    expect(results.filter(({ status }) => status === 'reserved')).toHaveLength(7);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(53);
    expect([await available('prd-00100'), await available('prd-00101')]).toEqual([0, 993]);
  });

  test('takes all lines or none', async () => {
    await setStock('prd-00110', 5);
    await setStock('prd-00111', 0);
    expect(await reserve('all-or-none', ['prd-00110', 1], ['prd-00111', 1])).toEqual({
      status: 'rejected',
      reason: 'out_of_stock',
      productIds: ['prd-00111'],
    });
    expect(await available('prd-00110')).toBe(5);
  });

  test('reserves once per order, also when the same order asks many times at once', async () => {
    await setStock('prd-00120', 10);
    const results = await Promise.all(
      Array.from({ length: 10 }, () => reserve('same-order', ['prd-00120', 3])),
    );
    expect(results.every(({ status }) => status === 'reserved')).toBe(true);
    expect(await available('prd-00120')).toBe(7);
  });

  test('gives back once what was reserved, and gives nothing to an order that was already released', async () => {
    await setStock('prd-00130', 10);
    await reserve('to-release', ['prd-00130', 4]);
    await Promise.all([release('to-release'), release('to-release')]);
    await release('to-release');
    expect(await available('prd-00130')).toBe(10);
    await release('never-reserved');
    expect(await reserve('never-reserved', ['prd-00130', 1])).toMatchObject({ reason: 'already_released' });
    expect(await available('prd-00130')).toBe(10);
  });

  test('cannot become negative, whoever writes', async () => {
    await expect(setStock('prd-00140', -1)).rejects.toMatchObject({ code: '23514' });
  });

  test('answers orders through the broker, once per request', async () => {
    await setStock('prd-00150', 2);
    const consumer = createStockConsumer({ kafka, pool, logger, groupId: 'product-service' });
    const relay = await startRelay({ pool, kafka, logger });
    const answers: ReceivedMessage[] = [];
    const [one, two] = [randomUUID(), randomUUID()];
    const listening = await kafka.subscribe({
      groupId: randomUUID(),
      topics: [STOCK_TOPIC],
      onMessage: async ({ message }) => {
        answers.push(message);
      },
    });
    await consumer.start();
    const ask = (type: string, orderId: string, items?: object[]) =>
      createEvent({ source: '/order-service', type, subject: orderId, data: { orderId, items } });
    const first = ask('order.stock-reservation-requested.v1', one, [{ productId: 'prd-00150', quantity: 2 }]);
    const events = [
      ask('order.placed.v1', one),
      first,
      first,
      ask('order.stock-reservation-requested.v1', two, [{ productId: 'prd-00150', quantity: 1 }]),
      ask('order.stock-release-requested.v1', one),
    ];
    for (const event of events) {
      await kafka.publish([{ topic: ORDER_TOPIC, key: event.subject, value: JSON.stringify(event) }]);
      // One after the other, whichever partition they are on: the second order is to find nothing left.
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const deadline = Date.now() + 60_000;
    while (answers.length < 3 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await consumer.stop();
    await listening.stop();
    await relay.stop();

    const about = (orderId: string) =>
      answers
        .map((message) => JSON.parse(String(message.value)))
        .filter((event) => event.subject === orderId)
        .map(({ type, data }) => ({ type, data }));
    expect(answers.flatMap(({ value }) => breaches(published, parseEvent(value)))).toEqual([]);
    expect(about(one)).toEqual([
      { type: 'product.stock-reserved.v1', data: { orderId: one } },
      { type: 'product.stock-released.v1', data: { orderId: one } },
    ]);
    expect(about(two)).toEqual([
      {
        type: 'product.stock-rejected.v1',
        data: { orderId: two, reason: 'out_of_stock', productIds: ['prd-00150'] },
      },
    ]);
    expect(await available('prd-00150')).toBe(2);
  });
});

test('keeps answering while the shared cache is away', async () => {
  await redis.stop();
  const response = await request(app()).get('/v1/products?limit=3');
  expect([response.status, response.body.items.length]).toEqual([200, 3]);
});
