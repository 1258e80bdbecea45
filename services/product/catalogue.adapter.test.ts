// What staff writes, and how searches, lists and others hear of it: over HTTP, through the outbox and the broker.
import { randomUUID } from 'node:crypto';
import {
  breaches,
  type CloudEvent,
  createKafka,
  type KafkaPort,
  parseEvent,
  startRelay,
} from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres, startRedis } from '@platform/libs/testing';
import type { Express } from 'express';
import request from 'supertest';
import { createApp, createCachedCatalogue } from './app';
import type { Catalogue } from './application/catalogue';
import { compare, rebuild } from './application/index-upkeep';
import { published } from './application/published';
import { createRefresher } from './application/refresher';
import { createSearchConsumer } from './messaging/search-consumer';
import { staff } from './product.fixtures';
import { migrations } from './storage/migrations';
import { createProductSource } from './storage/product-source';
import { PRODUCT_TOPIC } from './storage/product-store';
import { createRedisCache } from './storage/redis-cache';
import { createPostgresIndex } from './storage/search-index';
import { seedProducts } from './storage/seed';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

const logger = createLogger('test', { level: 'silent' });
const stops: (() => Promise<unknown> | undefined)[] = [];
const events: CloudEvent[] = [];
let pool: Pool;
let kafka: KafkaPort;
let app: Express;
let catalogue: Catalogue;
let consume: () => ReturnType<typeof createSearchConsumer>;

beforeAll(async () => {
  const [postgres, redis, broker] = await Promise.all([startPostgres(), startRedis(), startKafka()]);
  stops.push(postgres.stop, redis.stop, broker.stop);
  pool = createPool({ url: postgres.url, max: 5 });
  await runMigrations({ pool, migrations, lockId: 1 }, () => seedProducts(pool, 200));
  const index = createPostgresIndex({ pool, graceMs: 10 });
  await rebuild(createProductSource(pool), index);
  kafka = createKafka({ brokers: broker.brokers, clientId: 'test', logger });
  await kafka.ensureTopics([PRODUCT_TOPIC, `${PRODUCT_TOPIC}.dlq`]);
  const sharedCache = createRedisCache(redis.url, 'product:', logger);
  // Nothing is forgotten for its age: what is new is so because it was brought up to date.
  catalogue = createCachedCatalogue({ reads: pool, index, sharedCache, ttlMs: 600_000 });
  const refresher = createRefresher(catalogue, logger);
  consume = () =>
    createSearchConsumer({ kafka, pool, logger, index, refresher, groupId: 'product-service-search' });
  app = createApp({
    ...{ pool, checkBroker: () => kafka.check(), catalogue, logger, version: 'v1' },
    ...staff(pool),
  });
  const relay = await startRelay({ pool, kafka, logger });
  const listening = await kafka.subscribe({
    ...{ groupId: randomUUID(), topics: [PRODUCT_TOPIC] },
    onMessage: async ({ message }) => void events.push(parseEvent(message.value)),
  });
  stops.unshift(
    listening.stop,
    relay.stop,
    async () => sharedCache.close(),
    kafka.close,
    () => pool.end(),
  );
}, 240_000);
afterAll(async () => {
  for (const stop of stops) await stop();
}, 60_000);

const until = async <T>(what: string, look: () => Promise<T>, fits: (value: T) => boolean): Promise<T> => {
  for (const deadline = Date.now() + 60_000; ; ) {
    const value = await look();
    if (fits(value)) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not happen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const listing = (more: object = {}) => ({
  ...{
    sku: `NEW-${randomUUID()}`,
    name: 'Zebrawood Samovar',
    description: 'Boils water.',
    category: 'samovars',
  },
  price: { amount: 12_990, currency: 'EUR' },
  ...more,
});
const post = (body: object, key = randomUUID(), who = 'staff-1') =>
  request(app).post('/v1/products').set({ 'idempotency-key': key, authorization: who }).send(body);
const put = (id: string, body: object, ifMatch?: string) => {
  const asking = request(app).put(`/v1/products/${id}`);
  return (ifMatch === undefined ? asking : asking.set('if-match', ifMatch)).send(body);
};
const search = async (q: string): Promise<{ id: string; name: string; price: object }[]> =>
  (await request(app).get('/v1/products').query({ q })).body.items;
const heard = (id: string) => events.filter(({ subject }) => subject === id);
/** A search that nobody made before, so that no cache knows the answer. */
let asked = 10;
const searchAnew = async (q: string) =>
  (await request(app).get('/v1/products').query({ q, limit: asked++ })).body.items as { id: string }[];

describe('adding a product', () => {
  test('is done once per key and person, with one answer', async () => {
    const [body, key] = [listing(), randomUUID()];
    const answers = await Promise.all([post(body, key), post(body, key), post(body, key)]);
    const [first] = answers;
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
    expect(first!.body).toEqual({ id: first!.body.id, version: 1, ...body, available: 0 });
    expect(first!.headers).toMatchObject({ location: `/v1/products/${first!.body.id}`, etag: '"1"' });
    expect((await request(app).get(first!.headers.location as string)).body).toEqual(first!.body);
    expect((await post({ ...body, name: 'Other' }, key)).body).toMatchObject({ status: 422 });
    expect((await post(listing(), key, 'staff-2')).status).toBe(201);
    await until(
      'the event',
      async () => heard(first!.body.id),
      ({ length }) => length > 0,
    );
    expect(heard(first!.body.id)).toHaveLength(1);
  });

  test('needs an SKU of its own, and leaves nothing behind when it has none', async () => {
    const body = listing();
    expect((await post(body)).status).toBe(201);
    const key = randomUUID();
    expect((await post(body, key)).body).toMatchObject({ status: 409 });
    expect((await post(listing(), key)).status).toBe(201);
  });

  test.each([
    ['without a key', () => request(app).post('/v1/products').send(listing())],
    ['with stock', () => post(listing({ available: 5 }))],
    ['with a fraction of a cent', () => post(listing({ price: { amount: 1.5, currency: 'EUR' } }))],
    ['without a name', () => post(listing({ name: ' ' }))],
  ])('is refused %s', async (_case, ask) => {
    expect((await ask()).status).toBe(400);
  });
});

describe('changing a product', () => {
  test('needs the version that was seen, and works once', async () => {
    const { body: made } = await post(listing());
    const wanted = listing({ sku: made.sku, name: 'Zebrawood Samovar II' });
    expect((await put(made.id, wanted)).body).toMatchObject({ status: 428 });
    expect((await put(made.id, wanted, 'yesterday')).status).toBe(400);
    expect((await put('prd-unknown', wanted, '"1"')).status).toBe(404);
    const changed = await put(made.id, wanted, '"1"');
    expect([changed.status, changed.headers.etag, changed.body.version]).toEqual([200, '"2"', 2]);
    const again = await put(made.id, wanted, 'W/"1"');
    expect([again.status, again.body]).toEqual([200, changed.body]);
    const late = await put(made.id, listing({ sku: made.sku, name: 'Other' }), '"1"');
    expect([late.status, late.headers.etag]).toEqual([412, '"2"']);
    await until(
      'both events',
      async () => heard(made.id),
      ({ length }) => length >= 2,
    );
    expect(heard(made.id).map(({ type }) => type)).toEqual(['product.created.v1', 'product.updated.v1']);
  });

  test('lets one of many through who saw the same version', async () => {
    const { body: made } = await post(listing());
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => put(made.id, listing({ sku: made.sku, name: `Samovar ${n}` }), '"1"')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  test('cannot take the SKU of another', async () => {
    const [{ body: one }, { body: other }] = [await post(listing()), await post(listing())];
    expect((await put(one.id, listing({ sku: other.sku }), '"1"')).status).toBe(409);
  });
});

test('a product with orders can be removed, and removing it again changes nothing', async () => {
  await pool.query("insert into reservations (order_id, status) values ('o-1', 'reserved')");
  await pool.query("insert into reservation_lines values ('o-1', 'prd-00005', 1)");
  const remove = () => request(app).delete('/v1/products/prd-00005');
  expect([(await remove()).status, (await remove()).status]).toEqual([204, 204]);
  await until(
    'the event',
    async () => heard('prd-00005'),
    ({ length }) => length > 0,
  );
  expect(heard('prd-00005').map(({ type, data }) => [type, (data as { version: number }).version])).toEqual([
    ['product.deleted.v1', 2],
  ]);
});

test('changes reach searches and lists', async () => {
  const firstPage = async (category: string) =>
    (await request(app).get('/v1/products').query({ category })).body.items as { id: string; name: string }[];
  // Both are cached for ten minutes from here on.
  expect(await firstPage('quiver')).toEqual([]);
  expect(await search('quivering')).toEqual([]);
  let consumer = consume();
  await consumer.start();
  const { body: made } = await post(listing({ name: 'Quivering Samovar', category: 'quiver' }));
  const id: string = made.id;
  await until(
    'the category shows it',
    () => firstPage('quiver'),
    ({ length }) => length === 1,
  );
  expect((await searchAnew('quivering')).map((one) => one.id)).toEqual([id]);

  // While nobody listens nothing is lost.
  await request(app).get(`/v1/products/${id}`);
  await consumer.stop();
  const moved = listing({ sku: made.sku, name: 'Trembling Samovar', category: 'tremble' });
  expect((await put(id, moved, '"1"')).status).toBe(200);
  expect((await searchAnew('trembling')).map((one) => one.id)).toEqual([]);
  consumer = consume();
  await consumer.start();
  await until(
    'it has moved',
    () => firstPage('quiver'),
    ({ length }) => length === 0,
  );
  expect((await firstPage('tremble')).map((one) => one.id)).toEqual([id]);
  expect((await request(app).get(`/v1/products/${id}`)).body.name).toBe('Trembling Samovar');
  expect(await searchAnew('quivering')).toEqual([]);

  expect((await request(app).delete(`/v1/products/${id}`)).status).toBe(204);
  await until(
    'it is gone',
    () => firstPage('tremble'),
    ({ length }) => length === 0,
  );
  expect(await searchAnew('trembling')).toEqual([]);
  expect((await request(app).get(`/v1/products/${id}`)).status).toBe(404);

  // All of it once more, as a broker may: with other ids the inbox does not know them.
  const all = heard(id).map((event) => ({ ...event, id: randomUUID() }));
  expect(all).toHaveLength(3);
  const again = all.map((event) => ({ topic: PRODUCT_TOPIC, key: id, value: JSON.stringify(event) }));
  await kafka.publish(again);
  const { body: last } = await post(listing({ name: 'Last of all', category: 'last' }));
  await until(
    'the last one is there',
    () => firstPage('last'),
    ({ length }) => length === 1,
  );
  const left = await until(
    'everything is handled',
    () => compare(createProductSource(pool), createPostgresIndex({ pool }), { settleMs: 1 }),
    ({ missing, stale, orphaned }) => missing.length + stale.length + orphaned.length === 0,
  );
  expect(left.products).toBeGreaterThan(200);
  expect((await searchAnew('trembling')).length + (await searchAnew('quivering')).length).toBe(0);
  expect(last.version).toBe(1);
  await consumer.stop();
});

test('what others hear is what was promised', () => {
  expect(events.length).toBeGreaterThan(10);
  expect(events.flatMap((event) => breaches(published, event))).toEqual([]);
});
