import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { authenticate } from '@platform/libs/http';
import {
  breaches,
  type CloudEvent,
  createEvent,
  createKafka,
  type KafkaPort,
  parseEvent,
} from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createHttpClient } from '@platform/libs/resilience';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres } from '@platform/libs/testing';
import request from 'supertest';
import { ORDER_TOPIC, PAYMENT_TOPIC, SHIPMENT_TOPIC, STOCK_TOPIC, USER_TOPIC } from './application/messages';
import { published } from './application/published';
import { defaultPatience } from './domain/checkout';
import { createPriceSource } from './gateways/products';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createTokens } from './testTokens';

// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(60_000);

const logger = createLogger('order-test', { level: 'silent' });
const tokens = createTokens();
const patience = { ...defaultPatience, stockMs: 3_600_000, paymentMs: 3_600_000 };

/** Stands for the product and the user service. */
const product = {
  down: false,
  prices: new Map([
    ['prd-00001', 1999],
    ['prd-00002', 500],
  ]),
};
let neighbour: Server;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let broker: Awaited<ReturnType<typeof startKafka>>;
let kafka: KafkaPort;
let pool: Pool;
let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;
const heard: CloudEvent[] = [];

beforeAll(async () => {
  neighbour = createServer((incoming, response) => {
    if (incoming.url === '/.well-known/jwks.json') return response.end(JSON.stringify(tokens.jwks));
    const id = decodeURIComponent(incoming.url?.split('/').at(-1) ?? '');
    const amount = product.prices.get(id);
    response.statusCode = product.down ? 503 : amount === undefined ? 404 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ id, price: { amount, currency: 'EUR' } }));
  });
  await new Promise<void>((resolve) => neighbour.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(neighbour.address() as AddressInfo).port}`;
  [postgres, broker] = await Promise.all([startPostgres(), startKafka()]);
  pool = createPool({ url: await postgres.createDatabase() });
  kafka = createKafka({ brokers: broker.brokers, clientId: 'order-test', logger });
  await kafka.ensureTopics([ORDER_TOPIC, STOCK_TOPIC, PAYMENT_TOPIC, SHIPMENT_TOPIC, USER_TOPIC]);
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await kafka.subscribe({
    groupId: 'listener',
    topics: [ORDER_TOPIC],
    onMessage: async ({ message }) => void heard.push(parseEvent(message.value)),
  });
  service = createService({
    pool,
    kafka,
    logger,
    version: 'v1',
    patience,
    authenticator: authenticate({ jwksUrl: `${baseUrl}/.well-known/jwks.json` }),
    prices: createPriceSource(
      createHttpClient({ name: 'product', baseUrl, timeoutMs: 500, breakAfter: 100 }),
    ),
  });
  stop = await service.start();
}, 90_000);

afterAll(async () => {
  await stop?.();
  await kafka?.close();
  await pool?.end();
  await Promise.all([postgres?.stop(), broker?.stop()]);
  neighbour?.close();
  expect(heard.flatMap((event) => breaches(published, event))).toEqual([]);
}, 30_000);

const newKey = () => randomUUID();
const cart = { items: [{ productId: 'prd-00001', quantity: 2 }], paymentMethod: 'pm_card_visa' };
const post = (body: string | object = cart, { key = newKey(), customer = 'c-1' } = {}) =>
  request(service.app)
    .post('/v1/orders')
    .set('authorization', `Bearer ${tokens.token({ sub: customer })}`)
    .set('idempotency-key', key)
    .send(body);
const get = (path: string, customer = 'c-1') =>
  request(service.app)
    .get(path)
    .set('authorization', `Bearer ${tokens.token({ sub: customer })}`);

const until = async <T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> => {
  for (const deadline = Date.now() + 45_000; Date.now() < deadline; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what} did not happen`);
};
const asked = (orderId: string, type: string) =>
  until(type, () => heard.find((event) => event.subject === orderId && event.type === type));
const tell = async (
  topic: string,
  type: string,
  data: { orderId: string; [more: string]: unknown },
  id?: string,
) => {
  const event = createEvent({ source: '/test', type, subject: data.orderId, data, id });
  await kafka.publish([{ topic, key: data.orderId, value: JSON.stringify(event) }]);
};
const becomes = (orderId: string, status: string) =>
  until(`status ${status}`, async () => {
    const { body } = await get(`/v1/orders/${orderId}`);
    return body.status === status ? body : undefined;
  });
const counts = async () => {
  const { rows } = await pool.query(
    `select (select count(*)::int from orders) as orders, (select count(*)::int from events) as events,
            (select count(*)::int from placements) as placements`,
  );
  return rows[0];
};

describe('checkout over real Kafka and PostgreSQL', () => {
  it('confirms an order that is in stock and paid', async () => {
    const placed = await post({
      ...cart,
      items: [...cart.items, { productId: 'prd-00002', quantity: 1 }, ...cart.items],
    });
    expect(placed.status).toBe(202);
    const { id } = placed.body;
    expect(placed.headers.location).toBe(`/v1/orders/${id}`);
    expect(placed.body).toMatchObject({
      status: 'pending',
      items: [
        { productId: 'prd-00001', quantity: 4, unitPrice: { amount: 1999, currency: 'EUR' } },
        { productId: 'prd-00002', quantity: 1, unitPrice: { amount: 500, currency: 'EUR' } },
      ],
      total: { amount: 8496, currency: 'EUR' },
    });
    const reservation = await asked(id, 'order.stock-reservation-requested.v1');
    expect(reservation.data).toEqual({
      orderId: id,
      items: [
        { productId: 'prd-00001', quantity: 4 },
        { productId: 'prd-00002', quantity: 1 },
      ],
    });
    expect(JSON.stringify(await asked(id, 'order.placed.v1'))).not.toContain('pm_card');
    await tell(STOCK_TOPIC, 'product.stock-reserved.v1', { orderId: id }, 'same');
    await tell(STOCK_TOPIC, 'product.stock-reserved.v1', { orderId: id }, 'same');
    const payment = await asked(id, 'order.payment-authorisation-requested.v1');
    expect(payment.data).toEqual({
      orderId: id,
      customerId: 'c-1',
      amount: { amount: 8496, currency: 'EUR' },
      paymentMethod: 'pm_card_visa',
    });
    const paid = { orderId: id, paymentId: '0198c0de-0000-7000-8000-000000000001' };
    await tell(PAYMENT_TOPIC, 'payment.authorised.v1', paid);
    await asked(id, 'order.payment-capture-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.captured.v1', paid);
    await tell(PAYMENT_TOPIC, 'payment.declined.v1', { ...paid, reason: 'late' });
    expect(await becomes(id, 'confirmed')).toMatchObject({ paymentId: paid.paymentId });
    await asked(id, 'order.confirmed.v1');
    expect(
      heard.filter(
        (event) => event.subject === id && event.type === 'order.payment-authorisation-requested.v1',
      ),
    ).toHaveLength(1);
    const metrics = await request(service.app).get('/metrics');
    expect(metrics.text).toMatch(/^revenue_total\{.*currency="EUR".*\} 8496/m);
    expect(metrics.text).toMatch(/^orders_total\{.*status="confirmed".*\} 1/m);
  });

  it('gives the stock back before it cancels an order whose card was declined', async () => {
    const { id } = (await post()).body;
    await asked(id, 'order.stock-reservation-requested.v1');
    await tell(STOCK_TOPIC, 'product.stock-reserved.v1', { orderId: id });
    await asked(id, 'order.payment-authorisation-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.declined.v1', {
      orderId: id,
      paymentId: 'p',
      gateway: 'stripe',
      reason: 'x',
    });
    await asked(id, 'order.stock-release-requested.v1');
    expect((await get(`/v1/orders/${id}`)).body.status).toBe('pending');
    await tell(STOCK_TOPIC, 'product.stock-released.v1', { orderId: id });
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'payment_declined' });
    expect((await asked(id, 'order.cancelled.v1')).data).toEqual({ orderId: id, reason: 'payment_declined' });
  });

  it('ships by the chosen offer, with the gateway and the fallback the customer named', async () => {
    const quoteId = randomUUID();
    const fallback = { gateway: 'square', paymentMethod: 'cnon:card-nonce-ok' };
    const named = { ...cart, gateway: 'paypal', paymentMethod: 'vault_card_ok', fallback, quoteId };
    const { id } = (await post(named)).body;
    await tell(STOCK_TOPIC, 'product.stock-reserved.v1', { orderId: id });
    expect((await asked(id, 'order.payment-authorisation-requested.v1')).data).toMatchObject({
      ...{ gateway: 'paypal', paymentMethod: 'vault_card_ok', fallback },
    });
    const paid = { orderId: id, paymentId: randomUUID() };
    await tell(PAYMENT_TOPIC, 'payment.authorised.v1', paid);
    expect((await asked(id, 'order.shipment-requested.v1')).data).toEqual({
      ...{ orderId: id, customerId: 'c-1', quoteId },
    });
    const shipment = {
      ...{ shipmentId: randomUUID(), carrier: 'ups', trackingNumber: '1Z', estimatedDelivery: null },
      cost: { amount: 700, currency: 'USD' },
    };
    await tell(SHIPMENT_TOPIC, 'shipment.booked.v1', { orderId: id, ...shipment });
    await asked(id, 'order.payment-capture-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.captured.v1', paid);
    expect(await becomes(id, 'confirmed')).toMatchObject({ shipment, paymentId: paid.paymentId });
  });

  it('undoes everything in reverse when the money cannot be taken after all', async () => {
    const { id } = (await post({ ...cart, quoteId: randomUUID() })).body;
    const about = { orderId: id };
    const paid = { ...about, paymentId: randomUUID() };
    await tell(STOCK_TOPIC, 'product.stock-reserved.v1', about);
    await tell(PAYMENT_TOPIC, 'payment.authorised.v1', paid);
    await asked(id, 'order.shipment-requested.v1');
    await tell(SHIPMENT_TOPIC, 'shipment.booked.v1', {
      ...{ ...about, shipmentId: randomUUID(), carrier: 'ups', trackingNumber: '1Z' },
      ...{ estimatedDelivery: '2030-01-04', cost: { amount: 700, currency: 'USD' } },
    });
    await asked(id, 'order.payment-capture-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.capture-failed.v1', { ...paid, reason: 'expired' });
    await asked(id, 'order.shipment-cancellation-requested.v1');
    await tell(SHIPMENT_TOPIC, 'shipment.cancelled.v1', { ...about, shipmentId: randomUUID() });
    await asked(id, 'order.payment-void-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.voided.v1', paid);
    await asked(id, 'order.stock-release-requested.v1');
    expect((await get(`/v1/orders/${id}`)).body.status).toBe('pending');
    await tell(STOCK_TOPIC, 'product.stock-released.v1', about);
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'capture_failed' });
  });

  it('can be called off by its customer until the money is taken', async () => {
    const callOff = (id: string, customer = 'c-1') =>
      request(service.app)
        .post(`/v1/orders/${id}/cancellation`)
        .set('authorization', `Bearer ${tokens.token({ sub: customer })}`);
    const { id } = (await post()).body;
    expect((await callOff(id, 'c-2')).status).toBe(404);
    expect((await callOff(id)).status).toBe(202);
    expect((await callOff(id)).status).toBe(202);
    await asked(id, 'order.stock-release-requested.v1');
    await tell(STOCK_TOPIC, 'product.stock-released.v1', { orderId: id });
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'customer_cancelled' });
    expect((await callOff(id)).status).toBe(202);

    const taken = (await post()).body.id;
    await tell(STOCK_TOPIC, 'product.stock-reserved.v1', { orderId: taken });
    await asked(taken, 'order.payment-authorisation-requested.v1');
    await tell(PAYMENT_TOPIC, 'payment.authorised.v1', { orderId: taken, paymentId: randomUUID() });
    await asked(taken, 'order.payment-capture-requested.v1');
    const refused = await callOff(taken);
    expect([refused.status, refused.body.type]).toEqual([409, expect.stringContaining('order-is-paid')]);
  });

  it('finishes an order that a version before began with one question for authorisation and capture', async () => {
    const { id } = (await post()).body;
    await asked(id, 'order.stock-reservation-requested.v1');
    await pool.query(
      `insert into events (stream, version, type, data) values ($1, 3, 'PaymentRequested.v1', $2)`,
      [`order-${id}`, { attempt: 1, at: new Date().toISOString() }],
    );
    await tell(PAYMENT_TOPIC, 'payment.succeeded.v1', { orderId: id, paymentId: randomUUID() });
    await becomes(id, 'confirmed');
  });

  it('cancels an order that is out of stock', async () => {
    const { id } = (await post()).body;
    await tell(STOCK_TOPIC, 'product.stock-rejected.v1', {
      orderId: id,
      reason: 'out_of_stock',
      productIds: [],
    });
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'out_of_stock' });
  });

  it('finds an order nobody answered, and asks for its stock back', async () => {
    const { id } = (await post()).body;
    const longAgo = new Date(Date.now() - 2 * patience.stockMs).toISOString();
    await pool.query(
      `update events set data = jsonb_set(data, '{at}', to_jsonb($2::text)) where stream = $1`,
      [`order-${id}`, longAgo],
    );
    await pool.query('update orders set due_at = $2 where id = $1', [id, longAgo]);
    await asked(id, 'order.stock-release-requested.v1');
    await tell(STOCK_TOPIC, 'product.stock-released.v1', { orderId: id });
    expect(await becomes(id, 'cancelled')).toMatchObject({ cancellationReason: 'stock_timeout' });
  });
});

describe('placing an order', () => {
  it('gives the same answer to the same request under the same key, also when both come at once or product is away', async () => {
    const key = newKey();
    const [one, two] = await Promise.all([post(cart, { key }), post(cart, { key })]);
    product.down = true;
    const three = await post(cart, { key });
    product.down = false;
    expect([one.status, two.status, three.status]).toEqual([202, 202, 202]);
    expect(two.body).toEqual(one.body);
    expect(three.body).toEqual(one.body);
  });

  it('refuses another request under the same key, and lets another customer use it', async () => {
    const key = newKey();
    const first = await post(cart, { key });
    const other = await post({ ...cart, items: [{ productId: 'prd-00002', quantity: 1 }] }, { key });
    expect(other.status).toBe(422);
    expect(other.body.type).toContain('idempotency-key-reused');
    const stranger = await post(cart, { key, customer: 'c-2' });
    expect(stranger.status).toBe(202);
    expect(stranger.body.id).not.toBe(first.body.id);
  });

  it('names the line of an unknown product, and stores nothing', async () => {
    const before = await counts();
    const answer = await post({ ...cart, items: [...cart.items, { productId: 'prd-nope', quantity: 1 }] });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ in: 'body', pointer: '#/items/1/productId' }]);
    expect(await counts()).toEqual(before);
  });

  it('says "try again" and stores nothing while product is down', async () => {
    const before = await counts();
    product.down = true;
    const answer = await post();
    product.down = false;
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ retriable: true });
    expect(await counts()).toEqual(before);
  });
});

describe('looking at orders', () => {
  it("hides other customers' orders", async () => {
    const { id } = (await post()).body;
    expect((await get(`/v1/orders/${id}`)).status).toBe(200);
    expect((await get(`/v1/orders/${id}`, 'c-2')).status).toBe(404);
  });

  it('lists my orders page by page, newest first', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) ids.unshift((await post(cart, { customer: 'c-3' })).body.id);
    const first = (await get('/v1/orders?limit=2', 'c-3')).body;
    expect(first.items.map((order: { id: string }) => order.id)).toEqual(ids.slice(0, 2));
    const second = (await get(`/v1/orders?limit=2&cursor=${first.nextCursor}`, 'c-3')).body;
    expect(second.items.map((order: { id: string }) => order.id)).toEqual(ids.slice(2));
    expect(second.nextCursor).toBeNull();
  });
});

describe('personal data', () => {
  it('is all that is kept about me, and stays for the books without me once I was erased', async () => {
    const customer = randomUUID();
    const { id } = (await post(cart, { customer })).body;
    const open = (await post(cart, { customer })).body;
    await tell(STOCK_TOPIC, 'product.stock-rejected.v1', { orderId: id });
    await until(
      'the end of the order',
      async () => (await get(`/v1/orders/${id}`, customer)).body.status !== 'pending',
    );
    const mine = await get('/v1/orders/personal-data', customer);
    expect(mine.body.orders).toMatchObject([{ id, paymentMethod: 'pm_card_visa' }, { id: open.id }]);

    const erased = {
      source: '/user-service',
      type: 'user.erased.v1',
      subject: customer,
      data: { userId: customer },
    };
    await kafka.publish([{ topic: USER_TOPIC, key: customer, value: JSON.stringify(createEvent(erased)) }]);
    await until('the request', async () => (await pool.query('select 1 from erasures')).rowCount === 1);
    await service.erasures.carryOut();
    // The open one still needs its customer; the other is nobody's, with the figures as they were.
    expect((await get('/v1/orders', customer)).body.items).toMatchObject([{ id: open.id }]);
    await tell(STOCK_TOPIC, 'product.stock-rejected.v1', { orderId: open.id });
    await until('the end of the other', async () => {
      await service.erasures.carryOut();
      return (await get('/v1/orders', customer)).body.items.length === 0;
    });
    const kept = await pool.query('select view from orders where id = any($1)', [[id, open.id]]);
    expect(kept.rows.map(({ view }) => view.total)).toEqual([open.total, open.total]);
    const everything = await pool.query(
      `select (select json_agg(e) from events e)::text || (select json_agg(o) from orders o)::text
         || (select json_agg(p) from placements p)::text as text`,
    );
    expect(everything.rows[0].text).not.toContain(customer);
  });
});

describe('bad input', () => {
  const line = (quantity: unknown) => ({ ...cart, items: [{ productId: 'prd-00001', quantity }] });
  it.each<[string, number, () => request.Test]>([
    ['a quantity that is no number', 400, () => post(line('two'))],
    ['a number in quotes', 400, () => post(line('2'))],
    ['a negative quantity', 400, () => post(line(-1))],
    ['half a piece', 400, () => post(line(0.5))],
    ['101 pieces', 400, () => post(line(101))],
    [
      '101 pieces over two lines',
      400,
      () => post({ ...cart, items: [...line(100).items, ...line(1).items] }),
    ],
    ['no lines', 400, () => post({ ...cart, items: [] })],
    ['51 lines', 400, () => post({ ...cart, items: Array.from({ length: 51 }, () => cart.items[0]) })],
    ['an unknown field', 400, () => post({ ...cart, total: 1 })],
    ['a card number for a payment method', 400, () => post({ ...cart, paymentMethod: '4242424242424242' })],
    [
      'a product id that is a path',
      400,
      () => post({ ...cart, items: [{ productId: '../users', quantity: 1 }] }),
    ],
    [
      'a payment method of another gateway than the one named',
      400,
      () => post({ ...cart, gateway: 'square' }),
    ],
    [
      'a fallback to the same gateway',
      400,
      () => post({ ...cart, fallback: { gateway: 'stripe', paymentMethod: 'pm_card_visa' } }),
    ],
    ['a quote that is none', 400, () => post({ ...cart, quoteId: '1' })],
    ['no JSON', 400, () => post('{"items":').set('content-type', 'application/json')],
    ['another content type', 415, () => post('items=1').set('content-type', 'text/plain')],
    ['a body of 10 MB', 413, () => post({ ...cart, paymentMethod: `pm_${'x'.repeat(10_000_000)}` })],
    ['no Idempotency-Key', 400, () => post().unset('idempotency-key')],
    ['no token', 401, () => post().unset('authorization')],
    [
      'an expired token',
      401,
      () =>
        post().set('authorization', `Bearer ${tokens.token({ exp: Math.floor(Date.now() / 1000) - 60 })}`),
    ],
    ['a token without signature', 401, () => post().set('authorization', `Bearer ${tokens.unsigned()}`)],
    [
      'a token signed with the public key as a secret',
      401,
      () => post().set('authorization', `Bearer ${tokens.confused()}`),
    ],
    [
      'a token of somebody else',
      401,
      () => post().set('authorization', `Bearer ${createTokens().token({})}`),
    ],
    ['an order id that is none', 400, () => get('/v1/orders/1')],
    ['a cursor that is none', 400, () => get('/v1/orders?cursor=abc')],
    ['a limit out of range', 400, () => get('/v1/orders?limit=1000')],
    ['an unknown query parameter', 400, () => get('/v1/orders?customerId=c-2')],
  ])('%s is a problem with status %i, and nothing is stored', async (_, status, send) => {
    const before = await counts();
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ status, type: expect.any(String), detail: expect.any(String) });
    expect(await counts()).toEqual(before);
  });

  it('points at what is wrong', async () => {
    expect((await post(line('two'))).body.errors).toMatchObject([
      { in: 'body', pointer: '#/items/0/quantity' },
    ]);
  });
});

it('describes itself, and is ready with database and broker', async () => {
  const document = (await request(service.app).get('/docs/order/openapi.json')).body;
  expect(Object.keys(document.paths)).toEqual([
    ...['/v1/orders', '/v1/orders/personal-data', '/v1/orders/{id}', '/v1/orders/{id}/cancellation'],
  ]);
  const ready = await request(service.app).get('/ready');
  expect([ready.status, ready.body.checks]).toEqual([200, { database: 'ok', broker: 'ok' }]);
});
