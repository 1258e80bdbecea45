// Checkout against a real database, and neighbours that are lost on the way.
import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { type Checkouts, Neighbours, startCheckouts, tokenOf, UNDER_WAY_MS } from './cart.fixtures';

jest.setTimeout(30_000);

const neighbours = new Neighbours();
let checkouts: Checkouts;
let app: Checkouts['app'];
let customer = '';

beforeAll(async () => {
  checkouts = await startCheckouts(neighbours);
  app = checkouts.app;
}, 60_000);
afterAll(() => checkouts?.stop());
beforeEach(() => {
  neighbours.reset();
  customer = randomUUID();
});

const bearer = (scope?: string) => `Bearer ${tokenOf(customer, scope)}`;
const put = (productId: string, quantity: number) =>
  request(app).put(`/v1/cart/items/${productId}`).set('authorization', bearer()).send({ quantity });
const cart = async () => (await request(app).get('/v1/cart').set('authorization', bearer())).body;
const quantities = async () =>
  Object.fromEntries(
    (await cart()).items.map((one: { productId: string; quantity: number }) => [one.productId, one.quantity]),
  );
const checkOut = (key: string = randomUUID(), body: object = { paymentMethod: 'pm_card_visa' }) =>
  request(app)
    .post('/v1/cart/checkout')
    .set('authorization', bearer())
    .set('idempotency-key', key)
    .send(body);
const codeOf = ({ body }: { body: { type?: string } }) => body.type?.split(':').at(-1);
const filled = async () => {
  await put('prd-00001', 2);
  await put('prd-00002', 1);
};
const FULL = { 'prd-00001': 2, 'prd-00002': 1 };

describe('checking out', () => {
  it('orders what is in the cart on the customer’s behalf, empties it, and answers the same when asked again', async () => {
    await filled();
    const key = randomUUID();
    const choices = {
      paymentMethod: 'pm_card_visa',
      fallback: { gateway: 'square', paymentMethod: 'cnon:card-nonce-ok' },
    };
    const first = await checkOut(key, choices);
    expect([first.status, first.headers.location]).toEqual([202, `/v1/orders/${first.body.id}`]);
    expect(first.body.total).toEqual({ amount: 4498, currency: 'EUR' });
    expect(neighbours.orders).toMatchObject([
      { customer, body: { ...choices, items: [{ productId: 'prd-00001', quantity: 2 }, {}] } },
    ]);
    expect(await quantities()).toEqual({});
    await put('prd-00002', 3);
    const again = await checkOut(key, choices);
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(await quantities()).toEqual({ 'prd-00002': 3 });
    expect(codeOf(await checkOut(key))).toBe('idempotency-key-reused');
    expect(neighbours.orders).toHaveLength(1);
  });

  it('keeps what is put in while the order is placed', async () => {
    await filled();
    neighbours.onOrder = async () => {
      await put('prd-00001', 5);
      await put('prd-dollar', 1);
    };
    expect((await checkOut()).status).toBe(202);
    expect(await quantities()).toEqual({ 'prd-00001': 3, 'prd-dollar': 1 });
  });

  it('is one order, with the cart emptied once, when the same request comes ten times at once', async () => {
    await filled();
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => checkOut(key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(neighbours.orders).toHaveLength(1);
    expect(await quantities()).toEqual({});
  });

  it('is one order when a customer checks out twice at once with two keys', async () => {
    await filled();
    const answers = await Promise.all([
      checkOut(),
      checkOut(randomUUID(), { paymentMethod: 'pm_card_mastercard' }),
    ]);
    expect(neighbours.orders).toHaveLength(1);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, expect.any(Number)]);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(await quantities()).toEqual({});
  });

  it.each<[string, () => Promise<unknown>, number, string]>([
    ['an empty cart', async () => undefined, 422, 'empty'],
    [
      'two currencies',
      async () => {
        await filled();
        await put('prd-dollar', 1);
      },
      422,
      'mixed-currencies',
    ],
  ])('of %s is refused', async (_, prepare, status, code) => {
    await prepare();
    const answer = await checkOut();
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(neighbours.orders).toEqual([]);
  });

  it('of another cart than the one that is meant is refused, and writes no card number down', async () => {
    await filled();
    const stale = await checkOut().set('if-match', '"0"');
    expect([stale.status, codeOf(stale)]).toEqual([412, 'cart-changed']);
    expect((await checkOut(randomUUID(), { paymentMethod: '4242424242424242' })).status).toBe(400);
    expect((await checkOut().unset('idempotency-key')).status).toBe(400);
    const { rows } = await checkouts.pool.query('select 1 from checkouts where customer_id = $1', [customer]);
    expect(rows).toEqual([]);
  });
});

describe('when prices or stock have changed', () => {
  it('says what differs, orders nothing, and goes through with another key, which says that the customer agrees', async () => {
    await filled();
    neighbours.sell('prd-00001', 2499);
    neighbours.sell('prd-00002', 500, 0);
    const key = randomUUID();
    const refused = await checkOut(key);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'cart-differs']);
    expect(refused.body.differences).toEqual([
      {
        kind: 'price_changed',
        productId: 'prd-00001',
        was: { amount: 1999, currency: 'EUR' },
        now: { amount: 2499, currency: 'EUR' },
      },
      { kind: 'not_enough', productId: 'prd-00002', wanted: 1, available: 0 },
    ]);
    expect((await cart()).items).toMatchObject([
      { quantity: 2, unitPrice: { amount: 2499 } },
      { quantity: 1, available: 0 },
    ]);
    neighbours.sell('prd-00002', 500, 10);
    // Whoever repeats it may not have seen the answer, and so has agreed to nothing.
    expect((await checkOut(key)).body.differences).toEqual(refused.body.differences);
    const agreed = await checkOut();
    expect([agreed.status, agreed.body.total?.amount]).toEqual([202, 5498]);
    expect(neighbours.orders).toHaveLength(1);
  });

  it('goes through with the same key once there is enough again', async () => {
    await filled();
    neighbours.sell('prd-00002', 500, 0);
    const key = randomUUID();
    expect((await checkOut(key)).body.differences).toMatchObject([{ kind: 'not_enough' }]);
    neighbours.sell('prd-00002', 500, 1);
    expect((await checkOut(key)).status).toBe(202);
  });

  it('names what is not sold any more, until it is taken out', async () => {
    await filled();
    neighbours.products.delete('prd-00002');
    expect((await checkOut()).body.differences).toEqual([{ kind: 'not_sold', productId: 'prd-00002' }]);
    await request(app).delete('/v1/cart/items/prd-00002').set('authorization', bearer());
    expect((await checkOut()).status).toBe(202);
  });

  it('says so too when a price changes between the look and the order', async () => {
    await filled();
    neighbours.onOrder = () => neighbours.sell('prd-00001', 2499);
    const refused = await checkOut();
    expect([refused.status, codeOf(refused)]).toEqual([409, 'cart-differs']);
    expect(refused.body.differences).toMatchObject([{ productId: 'prd-00001', now: { amount: 2499 } }]);
    expect(neighbours.orders).toEqual([]);
    expect(await quantities()).toEqual(FULL);
    expect((await checkOut()).body.total).toEqual({ amount: 5498, currency: 'EUR' });
  });

  it('gives up when the price is another one each time, and says to try again', async () => {
    await filled();
    neighbours.onOrder = () => neighbours.sell('prd-00001', 2499);
    const offers = neighbours.products;
    const get = offers.get.bind(offers);
    let looks = 0;
    // What is shown is the old price, what is charged the new one: as caches may have it.
    jest.spyOn(offers, 'get').mockImplementation((id) => {
      const found = get(id);
      return found && id === 'prd-00001' && ++looks % 2 === 1 ? { ...found, amount: 1999 } : found;
    });
    const answer = await checkOut();
    jest.restoreAllMocks();
    expect([answer.status, answer.body.retriable]).toEqual([503, true]);
    expect(neighbours.orders).toEqual([]);
    expect(await quantities()).toEqual(FULL);
  });
});

describe('when the order service says no', () => {
  it.each<[string, object, string, number, string]>([
    [
      'to the payment method',
      { paymentMethod: 'nonsense' },
      'cart:write orders:write',
      400,
      'invalid-request',
    ],
    ['to the token', { paymentMethod: 'pm_card_visa' }, 'cart:write', 403, 'insufficient-scope'],
  ])('%s, so does the checkout, and the same key can be used again', async (_, body, scope, status, code) => {
    await filled();
    const key = randomUUID();
    const answer = await checkOut(key, body).set('authorization', bearer(scope));
    expect([answer.status, codeOf(answer), answer.body.detail]).toEqual([status, code, `No: ${code}.`]);
    expect(await quantities()).toEqual(FULL);
    expect((await checkOut(key)).status).toBe(202);
  });
});

describe('when neighbours are away', () => {
  it('nothing is ordered while products cannot be looked at', async () => {
    await filled();
    neighbours.productsAway = true;
    const answer = await checkOut();
    expect([answer.status, answer.body.retriable]).toEqual([503, true]);
    expect(await quantities()).toEqual(FULL);
  });

  it('the cart stays as it is while orders cannot be placed, and the same request goes through later', async () => {
    await filled();
    const before = await cart();
    neighbours.fates.push({ before: 'away' }, { before: 'lost' });
    const key = randomUUID();
    for (const answer of [await checkOut(key), await checkOut(key)])
      expect([answer.status, answer.body.retriable]).toEqual([503, true]);
    expect(await cart()).toEqual(before);
    expect((await checkOut(key)).status).toBe(202);
    expect(neighbours.orders).toHaveLength(1);
  });

  it('an order whose answer was lost is found by the same request, even if the product is not sold any more', async () => {
    await filled();
    neighbours.fates.push({ after: 'lost' });
    const key = randomUUID();
    expect((await checkOut(key)).status).toBe(503);
    expect(await quantities()).toEqual(FULL);
    neighbours.products.clear();
    const answer = await checkOut(key);
    expect([answer.status, answer.body.id]).toEqual([202, neighbours.orders[0]?.id]);
    expect([neighbours.orders.length, await quantities()]).toEqual([1, {}]);
  });

  it('it is found by a request with another key too, whatever that asks for', async () => {
    await filled();
    neighbours.fates.push({ after: 'lost' });
    expect((await checkOut()).status).toBe(503);
    await put('prd-00002', 4);
    const key = randomUUID();
    const answer = await checkOut(key, { paymentMethod: 'pm_card_mastercard' });
    expect([answer.status, codeOf(answer)]).toEqual([409, 'already-checked-out']);
    expect(answer.body.orderId).toBe(neighbours.orders[0]?.id);
    expect(await quantities()).toEqual({ 'prd-00002': 3 });
    // What is left is a new order.
    expect((await checkOut(key, { paymentMethod: 'pm_card_mastercard' })).status).toBe(202);
    expect(neighbours.orders.map(({ body }) => body.items.length)).toEqual([2, 1]);
  });

  it('a request that was lost for good is never ordered when another key asks for something else', async () => {
    await filled();
    neighbours.fates.push({ before: 'lost' });
    expect((await checkOut()).status).toBe(503);
    expect((await checkOut(randomUUID(), { paymentMethod: 'pm_card_mastercard' })).status).toBe(202);
    expect(neighbours.orders.map(({ body }) => body.paymentMethod)).toEqual(['pm_card_mastercard']);
    expect(await quantities()).toEqual({});
  });

  it('two keys that ask for the very same have the very same order', async () => {
    await filled();
    neighbours.fates.push({ after: 'lost' });
    const [one, other] = [randomUUID(), randomUUID()];
    expect((await checkOut(one)).status).toBe(503);
    const placed = await checkOut(other);
    expect((await checkOut(one)).body).toEqual(placed.body);
    expect([placed.status, neighbours.orders.length]).toEqual([202, 1]);
  });

  it('what was taken out since is not ordered by repeating an old request', async () => {
    await filled();
    neighbours.fates.push({ before: 'lost' });
    const key = randomUUID();
    expect((await checkOut(key)).status).toBe(503);
    await put('prd-00001', 1);
    const answer = await checkOut(key);
    expect([answer.status, codeOf(answer)]).toEqual([409, 'checkout-outdated']);
    expect(neighbours.orders).toEqual([]);
    expect((await checkOut()).status).toBe(202);
    expect(neighbours.orders[0]?.body.items[0]).toEqual({ productId: 'prd-00001', quantity: 1 });
  });

  it('an old key that comes again after another took its place orders nothing, and stands in nobody’s way', async () => {
    await filled();
    neighbours.fates.push({ before: 'lost' });
    const [old, other] = [randomUUID(), randomUUID()];
    expect((await checkOut(old)).status).toBe(503);
    expect((await checkOut(other, { paymentMethod: 'pm_card_mastercard' })).status).toBe(202);
    await filled();
    expect(codeOf(await checkOut(old))).toBe('idempotency-key-reused');
    expect(neighbours.orders).toHaveLength(1);
    expect((await checkOut()).status).toBe(202);
    expect([neighbours.orders.length, await quantities()]).toEqual([2, {}]);
  });

  it('a "no" does not count while an earlier request may still become a "yes"', async () => {
    await filled();
    const key = randomUUID();
    neighbours.fates.push({ before: 'lost' }, { before: 'full' }, { before: 'full' });
    expect((await checkOut(key)).status).toBe(503);
    expect((await checkOut(key)).status).toBe(503);
    checkouts.wait(UNDER_WAY_MS + 1000);
    const answer = await checkOut(key);
    expect([answer.status, codeOf(answer)]).toEqual([422, 'unknown-product']);
    expect(await quantities()).toEqual(FULL);
  });

  it('a slow order that arrives after all is not ordered twice', async () => {
    await filled();
    const key = randomUUID();
    let arrive: (value: unknown) => void = () => undefined;
    neighbours.fates.push({ slow: new Promise((resolve) => (arrive = resolve)) });
    expect((await checkOut(key)).status).toBe(503);
    arrive(undefined);
    expect((await checkOut(key)).status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([neighbours.orders.length, await quantities()]).toEqual([1, {}]);
  });
});
