import { randomUUID } from 'node:crypto';
import { authenticate } from '@platform/libs/http';
import { createEvent, createKafka, type KafkaPort } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createHttpClient } from '@platform/libs/resilience';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres } from '@platform/libs/testing';
import request from 'supertest';
import { USER_TOPIC } from './application/messages';
import { Neighbours, tokenOf } from './cart.fixtures';
import { createOrderPort } from './gateways/orders';
import { createProductSource } from './gateways/products';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(60_000);

const DAY = 86_400_000;
const neighbours = new Neighbours();
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let broker: Awaited<ReturnType<typeof startKafka>>;
let kafka: KafkaPort;
let pool: Pool;
let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;
let now = Date.parse('2030-01-01T00:00:00.000Z');
let customer = '';

beforeAll(async () => {
  [postgres, broker] = await Promise.all([startPostgres(), startKafka(), neighbours.start()]);
  pool = createPool({ url: await postgres.createDatabase() });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  const logger = createLogger('cart-test', { level: 'silent' });
  kafka = createKafka({ brokers: broker.brokers, clientId: 'cart-test', logger });
  await kafka.ensureTopics([USER_TOPIC]);
  const { baseUrl } = neighbours;
  const clientOf = (name: string) => createHttpClient({ name, baseUrl, timeoutMs: 1000, breakAfter: 1000 });
  service = createService({
    ...{ pool, kafka, logger, version: 'v1', ttlMs: 30 * DAY },
    authenticator: authenticate({ jwksUrl: `${baseUrl}/.well-known/jwks.json` }),
    products: createProductSource(clientOf('product')),
    orders: createOrderPort(clientOf('order')),
    clock: { now: () => new Date(now).toISOString() },
  });
  stop = await service.start();
}, 120_000);
afterAll(async () => {
  await stop?.();
  await kafka?.close();
  neighbours.stop();
  await pool?.end();
  await Promise.all([postgres?.stop(), broker?.stop()]);
}, 30_000);
beforeEach(() => {
  neighbours.reset();
  customer = randomUUID();
});

type Method = 'get' | 'put' | 'post' | 'delete';
const call = (method: Method, path: string, whose = customer) =>
  request(service.app)
    [method](path)
    .set('authorization', `Bearer ${tokenOf(whose)}`);
const put = (productId: string, quantity: unknown, whose = customer) =>
  call('put', `/v1/cart/items/${productId}`, whose).send({ quantity } as object);
const EMPTY = { items: [], totals: [], version: 0 };

describe('a cart', () => {
  it('is empty before anything is put in, and shows then what is in it, at the price that was seen', async () => {
    const first = await call('get', '/v1/cart');
    expect([first.status, first.body, first.headers.etag]).toEqual([200, EMPTY, '"0"']);
    await put('prd-00001', 2);
    const { body, headers } = await put('prd-dollar', 3);
    expect(body).toEqual({
      items: [
        {
          productId: 'prd-00001',
          quantity: 2,
          unitPrice: { amount: 1999, currency: 'EUR' },
          available: 1000,
        },
        {
          productId: 'prd-dollar',
          quantity: 3,
          unitPrice: { amount: 700, currency: 'USD' },
          available: 1000,
        },
      ],
      totals: [
        { amount: 3998, currency: 'EUR' },
        { amount: 2100, currency: 'USD' },
      ],
      version: 2,
    });
    neighbours.sell('prd-00001', 9999);
    const later = await call('get', '/v1/cart');
    expect([later.body, later.headers.etag]).toEqual([body, headers.etag]);
    expect(later.headers['cache-control']).toBe('no-store');
  });

  it('is its owner’s alone', async () => {
    await put('prd-00001', 2);
    expect((await call('get', '/v1/cart', randomUUID())).body).toEqual(EMPTY);
  });

  it('takes a quantity for what it is to be: sent twice it is the same, also when both come at once', async () => {
    const answers = await Promise.all([put('prd-00001', 4), put('prd-00001', 4), put('prd-00002', 1)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const before = (await call('get', '/v1/cart')).body;
    expect(before.items).toHaveLength(2);
    expect((await put('prd-00001', 4)).body).toEqual(before);
    expect((await put('prd-00001', 7)).body).toMatchObject({ version: before.version + 1 });
  });

  it('is changed only as it was seen, where it is said how that was', async () => {
    const { headers } = await put('prd-00001', 1);
    const tag = headers.etag as string;
    const second = await put('prd-00002', 1).set('if-match', tag);
    expect(second.status).toBe(200);
    for (const stale of [
      await put('prd-00002', 5).set('if-match', tag),
      await call('delete', '/v1/cart/items/prd-00001').set('if-match', tag),
      await call('delete', '/v1/cart').set('if-match', tag),
    ]) {
      expect([stale.status, stale.body.type]).toEqual([412, expect.stringContaining('cart-changed')]);
    }
    expect((await call('get', '/v1/cart')).body).toEqual(second.body);
    const known = second.headers.etag as string;
    expect((await put('prd-00002', 5).set('if-match', `"x", ${known}`)).status).toBe(200);
    const weak = `W/${(await call('get', '/v1/cart')).headers.etag}`;
    expect((await put('prd-00002', 7).set('if-match', weak)).status).toBe(200);
    expect((await put('prd-00002', 6).set('if-match', '*')).status).toBe(200);
    expect((await put('prd-00001', 1, randomUUID()).set('if-match', '*')).status).toBe(412);
  });

  it('gives back what is taken out, one by one or all at once', async () => {
    await put('prd-00001', 1);
    await put('prd-00002', 1);
    const less = await call('delete', '/v1/cart/items/prd-00001');
    expect(less.body.items).toMatchObject([{ productId: 'prd-00002' }]);
    expect((await call('delete', '/v1/cart/items/prd-00001')).body).toEqual(less.body);
    expect((await call('delete', '/v1/cart')).body).toMatchObject({ items: [], totals: [] });
    expect((await call('delete', '/v1/cart', randomUUID())).body).toEqual(EMPTY);
  });

  it('says what to do about a product that there is not, and stays as it was', async () => {
    const { body: before } = await put('prd-00001', 1);
    const unknown = await put('prd-nope', 1);
    expect([unknown.status, unknown.body.type]).toEqual([422, expect.stringContaining('unknown-product')]);
    expect(unknown.body.detail).toContain('GET /v1/products');
    neighbours.productsAway = true;
    const away = await put('prd-00002', 1);
    expect([away.status, away.body.retriable]).toEqual([503, true]);
    expect((await call('get', '/v1/cart')).body).toEqual(before);
  });

  it.each<[string, () => request.Test, number]>([
    ['a quantity of none', () => put('prd-00001', 0), 400],
    ['half a piece', () => put('prd-00001', 0.5), 400],
    ['101 pieces', () => put('prd-00001', 101), 400],
    ['a number in quotes', () => put('prd-00001', '2'), 400],
    ['a product id that is a path', () => put('..%2Fusers', 1), 400],
    ['an unknown field', () => put('prd-00001', 1).send({ price: 1 }), 400],
    ['no token', () => put('prd-00001', 1).unset('authorization'), 401],
    [
      'a token that may only look',
      () => put('prd-00001', 1).set('authorization', `Bearer ${tokenOf(customer, 'cart:read')}`),
      403,
    ],
  ])('refuses %s', async (_, send, status) => {
    const answer = await send();
    expect([answer.status, answer.headers['content-type']]).toEqual([
      status,
      expect.stringMatching(/^application\/problem\+json/),
    ]);
    expect((await call('get', '/v1/cart')).body).toEqual(EMPTY);
  });
});

it('carts that nobody touches go, and what was decided long ago; the others stay', async () => {
  const old = customer;
  await put('prd-00001', 1, old);
  now += 20 * DAY;
  const young = randomUUID();
  await put('prd-00001', 1, young);
  const placed = await call('post', '/v1/cart/checkout', young)
    .set('idempotency-key', 'k')
    .send({ paymentMethod: 'pm_card_visa' });
  expect(placed.status).toBe(202);
  now += 11 * DAY;
  await put('prd-00002', 1, young);
  await service.expire();
  expect((await call('get', '/v1/cart', old)).body).toEqual(EMPTY);
  expect((await call('get', '/v1/cart', young)).body.items).toHaveLength(1);
  const kept = () => pool.query('select 1 from checkouts where customer_id = $1', [young]);
  expect((await kept()).rowCount).toBe(1);
  now += 20 * DAY;
  await service.expire();
  expect((await call('get', '/v1/cart', young)).body.items).toHaveLength(1);
  expect((await kept()).rowCount).toBe(0);
});

it('carts with something in them that were touched within a day are active', async () => {
  const active = async () => {
    const { text } = await request(service.app).get('/metrics');
    return Number(/^active_carts(?:\{.*\})? (\d+)/m.exec(text)?.[1]);
  };
  now += 2 * DAY;
  expect(await active()).toBe(0);
  const emptied = randomUUID();
  await put('prd-00001', 1);
  await put('prd-00001', 1, emptied);
  expect(await active()).toBe(2);
  await call('delete', '/v1/cart', emptied);
  expect(await active()).toBe(1);
  now += DAY + 1;
  expect(await active()).toBe(0);
});

it('all that is kept about me is shown to me, and goes when I was erased', async () => {
  await put('prd-00001', 1);
  neighbours.fates.push({ after: 'lost' }, { after: 'lost' }, { after: 'lost' });
  const lost = await call('post', '/v1/cart/checkout')
    .set('idempotency-key', 'k')
    .send({ paymentMethod: 'pm_card_visa' });
  expect(lost.status).toBe(503);
  const mine = await call('get', '/v1/cart/personal-data');
  const at = new Date(now).toISOString();
  expect(mine.body).toEqual({
    cart: { items: [expect.objectContaining({ productId: 'prd-00001' })], touchedAt: at },
    checkouts: [{ orderId: null, paymentMethod: 'pm_card_visa', createdAt: at }],
  });
  const erased = { source: '/user-service', type: 'user.erased.v1', subject: customer };
  const event = createEvent({ ...erased, data: { userId: customer } });
  await kafka.publish([{ topic: USER_TOPIC, key: customer, value: JSON.stringify(event) }]);
  const rest = async () => {
    await service.erasures.carryOut();
    const { rows } = await pool.query(
      `select concat((select json_agg(c) from carts c), (select json_agg(c) from checkouts c)) as text`,
    );
    return rows[0].text as string;
  };
  for (const deadline = Date.now() + 45_000; (await rest()).includes(customer); ) {
    if (Date.now() > deadline) throw new Error('the customer was not forgotten');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect((await call('get', '/v1/cart/personal-data')).body).toEqual({ cart: null, checkouts: [] });
});

it('describes itself, and is ready with database and broker', async () => {
  const document = (await request(service.app).get('/docs/cart/openapi.json')).body;
  expect(Object.keys(document.paths).sort()).toEqual([
    ...['/v1/cart', '/v1/cart/checkout', '/v1/cart/items/{productId}', '/v1/cart/personal-data'],
  ]);
  const ready = await request(service.app).get('/ready');
  expect([ready.status, ready.body.checks]).toEqual([200, { database: 'ok', broker: 'ok' }]);
});
