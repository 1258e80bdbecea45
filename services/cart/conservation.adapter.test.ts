// Whatever is done in whatever order, and whatever is lost on the way: no piece is ordered twice, and none vanishes.
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import request from 'supertest';
import { type Checkouts, Neighbours, startCheckouts, tokenOf, UNDER_WAY_MS } from './cart.fixtures';

jest.setTimeout(240_000);

const neighbours = new Neighbours();
let checkouts: Checkouts;
beforeAll(async () => {
  checkouts = await startCheckouts(neighbours);
}, 60_000);
afterAll(() => checkouts?.stop());

const PRODUCTS = ['prd-00001', 'prd-00002'];
const fate = fc.constantFrom('none', 'before lost', 'before away', 'before full', 'after lost');
const checkout = fc.record({
  key: fc.integer({ min: 0, max: 3 }),
  paymentMethod: fc.constantFrom('pm_card_visa', 'pm_card_mastercard'),
  fate,
});
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ put: fc.constantFrom(...PRODUCTS), more: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 6, arbitrary: fc.record({ checkouts: fc.array(checkout, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ price: fc.integer({ min: 1, max: 999 }) }) },
  { weight: 1, arbitrary: fc.constant({ wait: UNDER_WAY_MS + 1 }) },
);

type Item = { productId: string; quantity: number };
const pieces = (items: readonly Item[]) => items.reduce((sum, { quantity }) => sum + quantity, 0);

/** One customer's day; @returns pieces put in, and pieces that are in the cart at the end. */
const play = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
  neighbours.reset();
  for (const id of PRODUCTS) neighbours.sell(id, 500);
  const customer = randomUUID();
  const authorization = `Bearer ${tokenOf(customer)}`;
  const app = checkouts.app;
  const items = async (): Promise<Item[]> =>
    (await request(app).get('/v1/cart').set('authorization', authorization)).body.items;
  const checkOut = (key: string, paymentMethod: string) =>
    request(app)
      .post('/v1/cart/checkout')
      .set({ authorization, 'idempotency-key': key })
      .send({ paymentMethod });
  let put = 0;
  for (const one of steps) {
    if ('put' in one) {
      const before = (await items()).find(({ productId }) => productId === one.put)?.quantity ?? 0;
      const quantity = Math.min(100, before + one.more);
      const path = `/v1/cart/items/${one.put}`;
      await request(app).put(path).set('authorization', authorization).send({ quantity });
      put += quantity - before;
    } else if ('price' in one) neighbours.sell(PRODUCTS[0] as string, one.price);
    else if ('wait' in one) checkouts.wait(one.wait);
    else {
      neighbours.fates.length = 0;
      for (const { fate: name } of one.checkouts) {
        const [when, what] = name.split(' ');
        if (when === 'before') neighbours.fates.push({ before: what as 'lost' | 'away' | 'full' });
        else neighbours.fates.push({ after: what === 'lost' ? 'lost' : () => undefined });
      }
      const answers = await Promise.all(
        one.checkouts.map(({ key, paymentMethod }) => checkOut(`key-${key}`, paymentMethod)),
      );
      for (const { status } of answers) expect([202, 409, 422, 503]).toContain(status);
    }
  }
  // The network is well again, and the customer goes on until nothing is left to order.
  neighbours.fates.length = 0;
  checkouts.wait(UNDER_WAY_MS + 1);
  let last = 0;
  for (let round = 0; round < 20 && (last !== 422 || (await items()).length > 0); round++) {
    last = (await checkOut(randomUUID(), 'pm_card_visa')).status;
  }
  expect(await items()).toEqual([]);
  return put;
};

test('what was put in is what was ordered, once everything is settled', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const put = await play(steps);
      expect(neighbours.orders.reduce((sum, { body }) => sum + pieces(body.items), 0)).toBe(put);
    }),
    { numRuns: 40 },
  );
});
