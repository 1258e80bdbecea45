// Money that goes back, and goods, through the front door.
import { randomUUID } from 'node:crypto';
import { Customer, type Order } from '../../cli/customer';
import { charges } from '../chaos/books';
import { Staff } from './staff';
import { until } from './until';

jest.setTimeout(240_000);

const address = process.env.ECP_FRONT_DOOR as string;
const customer = new Customer(address);
const staff = new Staff(address);
let order: Order;
let productId: string;

interface Stock {
  stock: number;
  available: number;
}

interface Refunds {
  items: { id: string; status: string; amount: { amount: number } }[];
}

const refund = (who: Customer, body: object, key: string = randomUUID()) =>
  who.call<{ id: string; code?: string }>('POST', `/v1/payments/${order.paymentId}/refunds`, body, {
    'idempotency-key': key,
  });

const done = (count: number) =>
  until(`${count} refunds are done`, async () => {
    const { body } = await staff.call<Refunds>('GET', `/v1/payments/${order.paymentId}/refunds`);
    return body.items.length === count && body.items.every(({ status }) => status === 'done') && body.items;
  });

/** What the gateway still holds of the order's money. */
const held = async () => {
  const ours = (await charges()).filter(({ orderId }) => orderId === order.id);
  return ours.reduce((sum, { amount }) => sum + amount.amount, 0);
};

describe('a refund', () => {
  beforeAll(async () => {
    await Promise.all([customer.register(), staff.join('support')]);
    const product = (await customer.products('?limit=50')).find(({ available }) => available >= 10);
    productId = product?.id as string;
    const placed = await customer.placeOrder([{ productId, quantity: 2 }], 'pm_card_visa');
    order = await customer.settled(placed.id);
    expect(order.status).toBe('confirmed');
  });

  it('is not a customer’s to give', async () => {
    expect((await refund(customer, {})).status).toBe(403);
    expect(await held()).toBe(order.total.amount);
  });

  it('gives a part back, once however often it is asked for', async () => {
    const [key, part] = [randomUUID(), { amount: { ...order.total, amount: 100 } }];
    const [first, again] = [await refund(staff, part, key), await refund(staff, part, key)];
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body.id).toBe(first.body.id);
    expect(await done(1)).toMatchObject([{ amount: { amount: 100 } }]);
    expect(await held()).toBe(order.total.amount - 100);
  });

  it('gives never more back than was taken', async () => {
    expect((await refund(staff, { amount: order.total })).status).toBe(409);
    expect((await refund(staff, {})).status).toBe(202);
    await done(2);
    expect(await held()).toBe(0);
    expect((await refund(staff, { amount: { ...order.total, amount: 1 } })).status).toBe(409);
  });

  it('brings what was sent back into stock, once however often it is noted', async () => {
    const stock = () => staff.call<Stock>('GET', `/v1/inventory/${productId}`);
    const { body: before } = await stock();
    const key = { 'idempotency-key': randomUUID() };
    const returned = { change: 2, reason: `returned from order ${order.id}` };
    for (const attempt of ['first', 'again']) {
      const { status } = await staff.call('POST', `/v1/inventory/${productId}/adjustments`, returned, key);
      expect([attempt, status]).toEqual([attempt, 200]);
    }
    expect((await stock()).body).toMatchObject({ stock: before.stock + 2 });
    await until(
      'the shop shows it',
      async () => (await customer.product(productId)).available === before.available + 2,
    );
  });
});
