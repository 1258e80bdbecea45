import { randomUUID } from 'node:crypto';
import type { Authenticator } from '@platform/libs/http';
import {
  breaches,
  type CloudEvent,
  createEvent,
  createKafka,
  type KafkaPort,
  parseEvent,
} from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres, type TestKafka, type TestPostgres } from '@platform/libs/testing';
import request from 'supertest';
import { ORDER_TOPIC, RESERVATION_TOPIC, STOCK_TOPIC } from './application/messages';
import { published } from './application/published';
import { announceCommand } from './commands';
import { createService } from './service';
import { createItemStore } from './storage/itemStore';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(60_000);

const logger = createLogger('inventory-test', { level: 'silent' });
/** Whoever asks is who they say they are: tokens are the library's business, and tested there. */
const authenticator: Authenticator = async (incoming) => ({
  id: incoming.headers.authorization ?? '',
  roles: [],
  scopes: ['inventory:read', 'inventory:write'],
});

let postgres: TestPostgres;
let broker: TestKafka;
let kafka: KafkaPort;
let pool: Pool;
let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;
const heard: CloudEvent<Record<string, unknown>>[] = [];

beforeAll(async () => {
  [postgres, broker] = await Promise.all([startPostgres(), startKafka()]);
  pool = createPool({ url: await postgres.createDatabase() });
  kafka = createKafka({ brokers: broker.brokers, clientId: 'inventory-test', logger });
  await kafka.ensureTopics([ORDER_TOPIC, `${ORDER_TOPIC}.dlq`, RESERVATION_TOPIC, STOCK_TOPIC]);
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await kafka.subscribe({
    groupId: 'listener',
    topics: [RESERVATION_TOPIC, STOCK_TOPIC],
    onMessage: async ({ message }) => void heard.push(parseEvent(message.value) as (typeof heard)[number]),
  });
  service = createService({
    ...{ pool, kafka, logger, authenticator, version: 'v1', reservationMs: 3_000 },
  });
  stop = await service.start();
}, 180_000);
afterAll(async () => {
  await stop?.();
  await kafka?.close();
  await pool?.end();
  await Promise.all([postgres?.stop(), broker?.stop()]);
  expect(heard.flatMap((event) => breaches(published, event))).toEqual([]);
}, 30_000);

const until = async <T>(what: string, look: () => T | undefined | false): Promise<T> => {
  for (const deadline = Date.now() + 45_000; Date.now() < deadline; ) {
    const found = look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`${what} did not happen`);
};
const about = (key: string) => heard.filter(({ subject }) => subject === key);
const answer = (orderId: string, type: string) =>
  until(`${type} for ${orderId}`, () => about(orderId).find((event) => event.type === type));
const say = async (type: string, orderId: string, more: object = {}, id?: string) => {
  const event = createEvent({
    ...{ source: '/order-service', type, subject: orderId, data: { orderId, ...more }, id },
  });
  await kafka.publish([{ topic: ORDER_TOPIC, key: orderId, value: JSON.stringify(event) }]);
};

const newId = () => `prd-${randomUUID()}`;
const get = (path: string) => request(service.app).get(`/v1/inventory${path}`).set('authorization', 's-1');
const put = (productId: string, body: object, headers: Record<string, string> = {}) =>
  request(service.app)
    .put(`/v1/inventory/${productId}`)
    .set({ authorization: 's-1', ...headers })
    .send(body);
const adjust = (productId: string, body: object, key: string = randomUUID(), who = 's-1') =>
  request(service.app)
    .post(`/v1/inventory/${productId}/adjustments`)
    .set({ authorization: who, 'idempotency-key': key })
    .send(body);
const created = async (stock: number, threshold = 0) => {
  const productId = newId();
  const { status } = await put(productId, { stock, threshold }, { 'if-none-match': '*' });
  expect(status).toBe(201);
  return productId;
};
const hold = (productId: string, quantity: number) =>
  service.reservations.reserve(randomUUID(), [{ productId, quantity }]);

describe('orders', () => {
  it('are answered through the broker, once per request, and others hear of the stock', async () => {
    const productId = await created(3, 1);
    const [one, two] = [randomUUID(), randomUUID()];
    const items = [{ productId, quantity: 2 }];
    await say('order.stock-reservation-requested.v1', one, { items }, `${one}-1`);
    await say('order.stock-reservation-requested.v1', one, { items }, `${one}-1`);
    await answer(one, 'inventory.stock-reserved.v1');
    await say('order.stock-reservation-requested.v1', two, { items });
    expect(await answer(two, 'inventory.stock-rejected.v1')).toMatchObject({
      data: { orderId: two, reason: 'out_of_stock', productIds: [productId] },
    });
    await say('order.confirmed.v1', one);
    await until('the sale', () => about(productId).find(({ data }) => data.currentStock === 1));
    expect(about(one).map(({ type }) => type)).toEqual(['inventory.stock-reserved.v1']);
    expect(about(productId).map(({ type, data }) => [type, data.available])).toEqual([
      ['inventory.updated.v1', 3],
      ['inventory.updated.v1', 1],
      ['inventory.low-stock.v1', 1],
      ['inventory.updated.v1', 1],
    ]);
    expect((await get(`/${productId}`)).body).toMatchObject({ stock: 1, held: 0, available: 1 });
  });

  it('that are cancelled, or never decided, hold nothing for ever', async () => {
    const productId = await created(3);
    const [cancelled, silent] = [randomUUID(), randomUUID()];
    const items = [{ productId, quantity: 1 }];
    for (const order of [cancelled, silent])
      await say('order.stock-reservation-requested.v1', order, { items });
    await answer(silent, 'inventory.stock-reserved.v1');
    await say('order.cancelled.v1', cancelled, { reason: 'customer_cancelled' });
    await answer(cancelled, 'inventory.stock-released.v1');
    await answer(silent, 'inventory.stock-released.v1');
    expect((await get(`/${productId}`)).body).toMatchObject({ stock: 3, held: 0 });
  });
});

describe('looking', () => {
  it('shows an item with an ETag of its version', async () => {
    const productId = await created(5, 2);
    await hold(productId, 2);
    const { status, body, headers } = await get(`/${productId}`);
    expect([status, headers.etag]).toEqual([200, '"2"']);
    expect(body).toEqual({ productId, stock: 5, held: 2, available: 3, threshold: 2, version: 2 });
    expect((await get('/prd-none')).status).toBe(404);
    expect((await get('/a%20b')).status).toBe(400);
  });

  it('pages through all, or through what is low: every item once, none left out', async () => {
    const low = [await created(1, 1), await created(0, 5)];
    await created(9, 1);
    const walk = async (filter: string) => {
      const ids: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { body }: { body: { items: { productId: string }[]; nextCursor: string | null } } = await get(
          `?limit=2${filter}${cursor && `&cursor=${cursor}`}`,
        );
        ids.push(...body.items.map(({ productId }) => productId));
        cursor = body.nextCursor;
      }
      return ids;
    };
    const count = async (where: string) =>
      (await pool.query(`select count(*)::int as n from stock_items ${where}`)).rows[0].n;
    const [all, scarce] = [await walk(''), await walk('&lowStock=true')];
    expect([new Set(all).size, all.length]).toEqual([all.length, await count('')]);
    expect([new Set(scarce).size, scarce.length]).toEqual([scarce.length, await count('where low')]);
    expect(scarce).toEqual(expect.arrayContaining(low));
    expect(scarce.length).toBeLessThan(all.length);
  });

  it.each(['?limit=0', '?limit=101', '?cursor=%00', '?lowStock=maybe', '?colour=red'])(
    'refuses %s',
    async (query) => {
      expect((await get(query)).status).toBe(400);
    },
  );
});

describe('a count', () => {
  it('has to say what it was made on', async () => {
    const { status, body } = await put(newId(), { stock: 1, threshold: 0 });
    expect([status, body.title]).toEqual([428, 'Precondition Required']);
    expect(body.detail).toContain('If-Match');
  });

  it('begins an item once', async () => {
    const productId = newId();
    const begin = () => put(productId, { stock: 4, threshold: 1 }, { 'if-none-match': '*' });
    const answers = await Promise.all([begin(), begin(), begin()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412]);
    expect((await get(`/${productId}`)).body).toMatchObject({ stock: 4, version: 1 });
  });

  it('is written down when nothing has changed since, also with an ETag that a gateway made weak', async () => {
    const productId = await created(4);
    const { status, body, headers } = await put(
      ...([productId, { stock: 9, threshold: 2 }, { 'if-match': '"1"' }] as const),
    );
    expect([status, headers.etag]).toEqual([200, '"2"']);
    expect(body).toMatchObject({ stock: 9, threshold: 2 });
    expect((await put(productId, { stock: 8, threshold: 2 }, { 'if-match': 'W/"2"' })).status).toBe(200);
  });

  it('is refused when something has, and hears what to do', async () => {
    const productId = await created(4);
    await hold(productId, 1);
    const { status, body, headers } = await put(
      ...([productId, { stock: 9, threshold: 0 }, { 'if-match': '"1"' }] as const),
    );
    expect([status, body.type, headers.etag]).toEqual([
      ...[412, 'urn:ecommerce-platform:problem:stock-changed', '"2"'],
    ]);
    expect(body.detail).toContain('Read it again');
    const none = await put(newId(), { stock: 9, threshold: 0 }, { 'if-match': '"1"' });
    expect([none.status, none.body.detail]).toEqual([412, expect.stringContaining('If-None-Match: *')]);
  });

  it('cannot be less than what is held', async () => {
    const productId = await created(4);
    await hold(productId, 3);
    const { status, body } = await put(productId, { stock: 2, threshold: 0 }, { 'if-match': '"2"' });
    expect([status, body.type]).toEqual([409, 'urn:ecommerce-platform:problem:below-held']);
    expect((await get(`/${productId}`)).body).toMatchObject({ stock: 4, held: 3, version: 2 });
  });

  it.each([
    [{ stock: -1, threshold: 0 }, '"1"'],
    [{ stock: 1.5, threshold: 0 }, '"1"'],
    [{ stock: 1 }, '"1"'],
    [{ stock: 1, threshold: 0, held: 0 }, '"1"'],
    [{ stock: 1, threshold: 0 }, '1'],
    [{ stock: 1, threshold: 0 }, '*'],
  ])('of %j on %s is not understood', async (body, basis) => {
    expect((await put(newId(), body, { 'if-match': basis })).status).toBe(400);
  });
});

describe('an adjustment', () => {
  it('changes the stock once, however often and however much at once it is sent', async () => {
    const productId = await created(4);
    const key = randomUUID();
    const send = () => adjust(productId, { change: 2, reason: 'return' }, key);
    const answers = await Promise.all([send(), send(), send()]);
    await adjust(productId, { change: 1, reason: 'delivery' });
    answers.push(await send());
    for (const { status, body } of answers) expect([status, body.stock, body.version]).toEqual([200, 6, 2]);
    expect((await get(`/${productId}`)).body).toMatchObject({ stock: 7, version: 3 });
    const updates = () => about(productId).filter(({ type }) => type === 'inventory.updated.v1');
    await until('three updates', () => updates().length === 3);
    expect(updates().at(-1)?.data).toMatchObject({ previousStock: 6, currentStock: 7, version: 3 });
  });

  it('under a key that was used for another is refused; the keys of others are theirs', async () => {
    const [productId, other] = [await created(4), await created(4)];
    const key = randomUUID();
    await adjust(productId, { change: 2, reason: 'return' }, key);
    expect((await adjust(productId, { change: 3, reason: 'return' }, key)).status).toBe(422);
    expect((await adjust(other, { change: 2, reason: 'return' }, key)).status).toBe(422);
    expect((await adjust(other, { change: 2, reason: 'return' }, key, 's-2')).status).toBe(200);
  });

  it('cannot leave less than what is held, nor more than can be counted', async () => {
    const productId = await created(4);
    await hold(productId, 3);
    const refused = await adjust(productId, { change: -2, reason: 'broken' });
    expect([refused.status, refused.body.type]).toEqual([
      ...[409, 'urn:ecommerce-platform:problem:below-held'],
    ]);
    expect((await adjust(productId, { change: -1, reason: 'broken' })).status).toBe(200);
    const full = await created(1_000_000_000);
    expect((await adjust(full, { change: 1, reason: 'delivery' })).status).toBe(409);
  });

  it('of a product nobody knows is refused, and so is one of nothing or without a key', async () => {
    const productId = await created(4);
    expect((await adjust('prd-none', { change: 1, reason: 'return' })).status).toBe(404);
    expect((await adjust(productId, { change: 0, reason: 'return' })).status).toBe(400);
    expect((await adjust(productId, { change: 1, reason: ' ' })).status).toBe(400);
    expect((await adjust(productId, { change: 1, reason: 'return' }, '')).status).toBe(400);
  });
});

it('can be told once more how all stock stands, with the versions others may have heard already', async () => {
  const productId = await created(5);
  await hold(productId, 2);
  await until('both', () => about(productId).length === 2);
  const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  await announceCommand({ pool });
  const said = written.mock.calls.map(([text]) => String(text)).join('');
  written.mockRestore();
  const items = await createItemStore(pool).list({ limit: 10_000, low: false });
  expect(JSON.parse(said)).toEqual({ announced: items.length });
  await until('a third', () => about(productId).length >= 3);
  expect(about(productId)[2]).toMatchObject({
    type: 'inventory.updated.v1',
    data: { productId, previousStock: 5, currentStock: 5, available: 3, version: 2 },
  });
});
