// Customers check out while everything that keeps orders, payments and messages is killed. Repeat a run with the seed it prints:
// CHAOS_SEED=… CHAOS_CHECKOUTS=… npx platform test cluster --pattern chaos
import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, type Order, type Product } from '../../cli/customer';
import { kubectl } from '../journey/platform';
import { processOf } from '../journey/processes';
import { charges, deadLetterBytes, stockOf, unsentMessages } from './books';
import { type Checkout, type Plan, planOf, productsOnSale, type Target, targets } from './plan';

const { CHAOS_SEED, CHAOS_CHECKOUTS = '20' } = process.env;
const seed = CHAOS_SEED ? Number(CHAOS_SEED) : randomInt(2 ** 31);
const count = Number(CHAOS_CHECKOUTS);
/** The saga asks again after five minutes at the latest. */
const patienceMs = 8 * 60_000;
jest.setTimeout(count * 3_000 + 2 * patienceMs);

const customers = 4;

/** Tries with one key until it is told what became of it, as a client is meant to. */
const place = async (customer: Customer, product: Product, { quantity, paymentMethod }: Checkout) => {
  const key = randomUUID();
  const order = { items: [{ productId: product.id, quantity }], paymentMethod };
  const until = Date.now() + patienceMs;
  for (;;) {
    const reply = await customer
      .call<Order>('POST', '/v1/orders', order, { 'idempotency-key': key })
      .catch((error: Error) => ({ status: 0, body: String(error) }));
    if (reply.status === 202) return reply.body as Order;
    const again = reply.status === 0 || reply.status === 409 || reply.status === 429 || reply.status >= 500;
    if (!again || Date.now() > until) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
    await sleep(500);
  }
};

const settled = async (customer: Customer, id: string): Promise<Order> => {
  const until = Date.now() + patienceMs;
  for (;;) {
    const order = await customer.order(id).catch(() => undefined);
    if (order && order.status !== 'pending') return order;
    if (Date.now() > until) throw new Error(`order ${id} is ${order?.status ?? 'not to be seen'}`);
    await sleep(500);
  }
};

const kill = async (target: Target) => {
  const { app, container } = targets[target];
  const running = [
    ...[
      'get',
      'pods',
      '-n',
      'ecommerce-platform',
      '-l',
      `app=${app}`,
      '--field-selector=status.phase=Running',
    ],
    ...['-o', 'jsonpath={.items[*].metadata.name}'],
  ];
  const [pod] = (await kubectl(...running)).split(' ');
  // Nothing to kill is as good: it is down already.
  const pid = await processOf(pod as string, container).catch(() => undefined);
  if (pid) process.kill(pid, 'SIGKILL');
  process.stderr.write(`chaos: ${target} ${pid ? 'killed' : 'was down already'}\n`);
};

const at = async <T>(start: number, ms: number, work: () => Promise<T>): Promise<T> => {
  await sleep(Math.max(0, start + ms - Date.now()));
  return work();
};

const until = async (what: string, done: () => Promise<boolean>) => {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(1_000))
    if (await done().catch(() => false)) return;
  throw new Error(`${what}: not within ${patienceMs / 60_000} minutes`);
};

describe(`${count} checkouts while services, broker and database are killed (seed ${seed})`, () => {
  let plan: Plan;
  let shoppers: Customer[];
  let onSale: Product[];
  let stockBefore: Record<string, number>;
  let deadBefore: number;
  const orders: { order: Order; product: Product; quantity: number }[] = [];

  beforeAll(async () => {
    process.stderr.write(`chaos: CHAOS_SEED=${seed} CHAOS_CHECKOUTS=${count}\n`);
    plan = planOf(seed, count);
    shoppers = Array.from({ length: customers }, () => new Customer(process.env.ECP_FRONT_DOOR as string));
    for (const shopper of shoppers) await shopper.register();
    onSale = ((await shoppers[0]?.products('?limit=50')) ?? [])
      .filter(({ available }) => available >= 10)
      .slice(-productsOnSale);
    stockBefore = await stockOf(onSale.map(({ id }) => id));
    deadBefore = await deadLetterBytes();

    const start = Date.now();
    const killing = Promise.all(plan.kills.map((one) => at(start, one.at, () => kill(one.target))));
    await Promise.all(
      plan.checkouts.map((checkout, index) =>
        at(start, checkout.at, async () => {
          const shopper = shoppers[index % customers] as Customer;
          const product = onSale[checkout.product] as Product;
          const { id } = await place(shopper, product, checkout);
          const order = await settled(shopper, id);
          orders.push({ order, product, quantity: checkout.quantity });
        }),
      ),
    );
    await killing;
    await until('every message has left', async () =>
      Object.values(await unsentMessages()).every((unsent) => unsent === 0),
    );
  });

  it('end with every order confirmed or cancelled, one for each checkout', async () => {
    expect(orders).toHaveLength(count);
    // Whoever was killed last may still be on its way back.
    let seen: Order[][] = [];
    await until('customers see their orders', async () => {
      const pages = shoppers.map((shopper) =>
        shopper.call<{ items: Order[] }>('GET', '/v1/orders?limit=100'),
      );
      seen = (await Promise.all(pages)).map(({ body }) => body.items);
      return seen.every(Array.isArray);
    });
    const ids = seen.flat().map(({ id }) => id);
    expect(ids.sort()).toEqual(orders.map(({ order }) => order.id).sort());
    const confirmed = orders.filter(({ order }) => order.status === 'confirmed').length;
    process.stderr.write(`chaos: ${confirmed} confirmed, ${count - confirmed} cancelled\n`);
    expect(confirmed).toBeGreaterThan(0);
  });

  it('leave one charge for each confirmed order, of its amount, and none for any other', async () => {
    const ours = new Set(orders.map(({ order }) => order.id));
    const taken = (await charges()).filter(({ orderId }) => ours.has(orderId));
    const owed = orders
      .filter(({ order }) => order.status === 'confirmed')
      .map(({ order }) => ({ orderId: order.id, amount: order.total }));
    const byOrder = (a: { orderId: string }, b: { orderId: string }) => a.orderId.localeCompare(b.orderId);
    expect(taken.sort(byOrder)).toEqual(owed.sort(byOrder));
  });

  it('leave the stock that was not sold', async () => {
    const left = { ...stockBefore };
    for (const { order, product, quantity } of orders)
      if (order.status === 'confirmed') left[product.id] = (left[product.id] ?? 0) - quantity;
    await until('the stock is given back', async () => {
      const now = await stockOf(Object.keys(left));
      return Object.entries(left).every(([id, units]) => now[id] === units);
    }).catch(() => {});
    expect(await stockOf(Object.keys(left))).toEqual(left);
  });

  it('leave no message behind, unsent or among the dead letters', async () => {
    expect(await unsentMessages()).toEqual({ order: 0, payment: 0, product: 0, user: 0 });
    expect(await deadLetterBytes()).toBe(deadBefore);
  });
});
