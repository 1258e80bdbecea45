import { randomUUID } from 'node:crypto';
import { createEvent } from '@platform/libs/messaging';
import request from 'supertest';
import { RESERVATION_TOPIC, USER_TOPIC } from './application/messages';
import {
  cart,
  counts,
  get,
  kafka,
  newKey,
  offered,
  pool,
  post,
  product,
  service,
  shipping,
  startOrders,
  stopOrders,
  tell,
  tokens,
  until,
} from './order.fixtures';
import { createTokens } from './testTokens';

// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(60_000);
beforeAll(startOrders, 90_000);
afterAll(stopOrders, 30_000);

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

  it('refuses a total the customer did not agree to, and then takes the one they agree to under the same key', async () => {
    const before = await counts();
    const key = newKey();
    const expecting = (amount: number, currency = 'EUR') =>
      post({ ...cart, expectedTotal: { amount, currency } }, { key });
    for (const answer of [await expecting(3997), await expecting(3998, 'USD')]) {
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({ retriable: false, total: { amount: 3998, currency: 'EUR' } });
      expect(answer.body.type).toContain('total-changed');
    }
    expect(await counts()).toEqual(before);
    const placed = await expecting(3998);
    expect([placed.status, placed.body.total.amount]).toEqual([202, 3998]);
    product.prices.set('prd-00001', 2500);
    const again = await expecting(3998);
    product.prices.set('prd-00001', 1999);
    expect(again.body).toEqual(placed.body);
    expect((await expecting(5000)).body.type).toContain('idempotency-key-reused');
  });

  it('adds what the carrier asks, as it was shown to the customer, and expectedTotal is about the items', async () => {
    const quoteId = offered({
      ...{ cost: { amount: 1300, currency: 'USD' }, comparable: { amount: 1200, currency: 'EUR' } },
    });
    const expectedTotal = { amount: 3998, currency: 'EUR' };
    const { status, body } = await post({ ...cart, quoteId, expectedTotal });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      ...{ shippingCost: { amount: 1200, currency: 'EUR' }, total: { amount: 5198, currency: 'EUR' } },
    });
    expect((await get(`/v1/orders/${body.id}`)).body).toEqual(body);
  });

  it.each([
    ['is unknown', 'unknown-offer', () => randomUUID(), 'c-1'],
    ['was made to somebody else', 'unknown-offer', () => offered(), 'c-2'],
    [
      ...(['ended', 'offer-ended'] as const),
      () =>
        offered({ cost: { amount: 1, currency: 'EUR' }, validUntil: new Date(Date.now() - 1).toISOString() }),
      'c-1',
    ],
    [
      ...(['is in another currency', 'offer-in-other-currency'] as const),
      () => offered({ cost: { amount: 1, currency: 'USD' } }),
      'c-1',
    ],
  ])('names the offer when it %s, and stores nothing', async (_what, code, offer, customer) => {
    const before = await counts();
    const answer = await post({ ...cart, quoteId: offer() }, { customer });
    expect(answer.status).toBe(422);
    expect(answer.body.type).toContain(code);
    expect(answer.body.errors).toMatchObject([{ in: 'body', pointer: '#/quoteId' }]);
    expect(await counts()).toEqual(before);
  });

  it('ships for nobody whose token may not see the offer', async () => {
    const answer = await request(service.app)
      .post('/v1/orders')
      .set('authorization', `Bearer ${tokens.token({ scope: 'orders:write' })}`)
      .set('idempotency-key', newKey())
      .send({ ...cart, quoteId: offered() });
    expect(answer.status).toBe(403);
    expect(answer.body.detail).toContain('shipments:read');
  });

  it('says "try again" and stores nothing while shipping is down, and asks it for no order without a parcel', async () => {
    const before = await counts();
    shipping.down = true;
    const answer = await post({ ...cart, quoteId: offered() });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ retriable: true });
    expect(await counts()).toEqual(before);
    expect((await post()).status).toBe(202);
    shipping.down = false;
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
    await tell(RESERVATION_TOPIC, 'inventory.stock-rejected.v1', { orderId: id });
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
    await tell(RESERVATION_TOPIC, 'inventory.stock-rejected.v1', { orderId: open.id });
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
    [
      'an expected total of half a cent',
      400,
      () => post({ ...cart, expectedTotal: { amount: 0.5, currency: 'EUR' } }),
    ],
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
