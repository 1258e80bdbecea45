// From an empty cart to a confirmed order, through the front door.
import { randomUUID } from 'node:crypto';
import { Customer, type Order, type Product } from '../../cli/customer';

jest.setTimeout(180_000);

interface Cart {
  items: { productId: string; quantity: number; unitPrice: { amount: number; currency: string } }[];
  totals: { amount: number; currency: string }[];
}

const customer = new Customer(process.env.ECP_FRONT_DOOR as string);
let products: [Product, Product];
beforeAll(async () => {
  await customer.register();
  const stocked = (await customer.products('?limit=50')).filter(({ available }) => available >= 20);
  products = stocked.slice(-3, -1) as [Product, Product];
});

const put = (productId: string, quantity: number) =>
  customer.call<Cart>('PUT', `/v1/cart/items/${productId}`, { quantity });
const cart = async () => (await customer.call<Cart>('GET', '/v1/cart')).body;
const checkOut = (key: string) =>
  customer.call<Order>(
    ...([
      'POST',
      '/v1/cart/checkout',
      { paymentMethod: 'pm_card_visa' },
      { 'idempotency-key': key },
    ] as const),
  );

it('a cart is filled, changed and checked out once', async () => {
  const [one, other] = products;
  expect((await cart()).items).toEqual([]);
  expect((await put(one.id, 2)).status).toBe(200);
  const seen = await put(other.id, 1);
  expect(seen.body.items.map(({ productId }) => productId)).toEqual([one.id, other.id]);

  const changed = await customer.call<Cart>(
    ...(['PUT', `/v1/cart/items/${one.id}`, { quantity: 3 }] as const),
    { 'if-match': seen.headers.get('etag') as string },
  );
  const total = {
    amount: 3 * one.price.amount + other.price.amount,
    currency: one.price.currency,
  };
  expect([changed.status, changed.body.totals]).toEqual([200, [total]]);

  const key = randomUUID();
  const placed = await checkOut(key);
  expect([placed.status, placed.body.total]).toEqual([202, total]);
  expect(placed.headers.get('location')).toBe(`/v1/orders/${placed.body.id}`);
  expect((await cart()).items).toEqual([]);
  expect(await customer.settled(placed.body.id)).toMatchObject({ status: 'confirmed', total });

  const again = await checkOut(key);
  expect([again.status, again.body.id]).toEqual([202, placed.body.id]);
  const orders = await customer.call<{ items: Order[] }>('GET', '/v1/orders');
  expect(orders.body.items.map(({ id }) => id)).toEqual([placed.body.id]);
});

it('nobody looks into the cart of another, or into any without a token', async () => {
  await put(products[0].id, 1);
  const stranger = new Customer(process.env.ECP_FRONT_DOOR as string);
  expect((await stranger.call('GET', '/v1/cart')).status).toBe(401);
  await stranger.register();
  expect((await stranger.call<Cart>('GET', '/v1/cart')).body.items).toEqual([]);
});
