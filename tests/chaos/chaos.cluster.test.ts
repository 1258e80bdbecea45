// Customers check out while every service, the broker and the database are killed. Repeat a run with the seed it prints:
// CHAOS_SEED=… CHAOS_CHECKOUTS=… npx platform test cluster --pattern chaos
import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, type Order, type Product } from '../../cli/customer';
import { inPlatform } from '../journey/platform';
import { processOf } from '../journey/processes';
import { askForQuotes, offersOf } from '../journey/quotes';
import { until } from '../journey/until';
import {
  charges,
  deadLetterBytes,
  labels,
  ledgerTotals,
  stockOf,
  subjectsOfMails,
  unsentMessages,
} from './books';
import { type Checkout, type Plan, planOf, productsOnSale, type Target, targets } from './plan';

const { CHAOS_SEED, CHAOS_CHECKOUTS = '20' } = process.env;
const seed = CHAOS_SEED ? Number(CHAOS_SEED) : randomInt(2 ** 31);
const count = Number(CHAOS_CHECKOUTS);
/** The saga asks again after five minutes at the latest. */
const patience = 8 * 60;
jest.setTimeout((count * 3 + 2 * patience) * 1_000);

const customers = 4;

interface Shopper {
  customer: Customer;
  /** Ids of carriers' offers to send them a parcel. */
  quotes: string[];
}

const enter = async (): Promise<Shopper> => {
  const customer = new Customer(process.env.ECP_FRONT_DOOR as string);
  await customer.register();
  const { body } = await askForQuotes(customer);
  return { customer, quotes: offersOf(body).map(({ id }) => id) };
};

/** Tries with one key until it is told what became of it, as a client is meant to. */
const place = (shopper: Shopper, product: Product, { quantity, paymentMethod, offer }: Checkout) => {
  const { customer, quotes } = shopper;
  const key = randomUUID();
  const quoteId = offer === undefined ? undefined : quotes[offer % quotes.length];
  const order = { items: [{ productId: product.id, quantity }], paymentMethod, quoteId };
  const ask = async () => {
    const reply = await customer
      .call<Order>('POST', '/v1/orders', order, { 'idempotency-key': key })
      .catch(() => undefined);
    if (!reply || reply.status === 409 || reply.status === 429 || reply.status >= 500) return undefined;
    if (reply.status !== 202) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  return until(`order with key ${key} is taken in`, ask, patience);
};

/** Like the customer's own waiting, but whoever does not answer is asked again. */
const settled = (customer: Customer, id: string) => {
  const ask = async () => {
    const order = await customer.order(id).catch(() => undefined);
    return order?.status !== 'pending' && order;
  };
  return until(`order ${id} is decided`, ask, patience);
};

/** @returns whether there was anything to kill: it may be down already, because of another. */
const kill = async (target: Target): Promise<boolean> => {
  const { app, container } = targets[target];
  const running = ['-l', `app=${app}`, '--field-selector=status.phase=Running'];
  const names = await inPlatform('get', 'pods', ...running, '-o', 'jsonpath={.items[*].metadata.name}');
  const [pod] = names.split(' ') as [string];
  const pid = await processOf(pod, container).catch(() => undefined);
  if (pid) process.kill(pid, 'SIGKILL');
  process.stderr.write(`chaos: ${target} ${pid ? 'killed' : 'was down already'}\n`);
  return pid !== undefined;
};

const at = async <T>(start: number, ms: number, work: () => Promise<T>): Promise<T> => {
  await sleep(Math.max(0, start + ms - Date.now()));
  return work();
};

describe(`${count} checkouts while services, broker and database are killed (seed ${seed})`, () => {
  let plan: Plan;
  let shoppers: Shopper[];
  let onSale: Product[];
  let stockBefore: Record<string, number>;
  let deadBefore: number;
  let killed: boolean[];
  const orders: { order: Order; shopper: Shopper; product: Product; quantity: number; shipped: boolean }[] =
    [];
  const confirmed = () => orders.filter(({ order }) => order.status === 'confirmed');

  beforeAll(async () => {
    process.stderr.write(`chaos: CHAOS_SEED=${seed} CHAOS_CHECKOUTS=${count}\n`);
    plan = planOf(seed, count);
    shoppers = [];
    while (shoppers.length < customers) shoppers.push(await enter());
    onSale = ((await shoppers[0]?.customer.products('?limit=50')) ?? [])
      .filter(({ available }) => available >= 10)
      .slice(-productsOnSale);
    stockBefore = await stockOf(onSale.map(({ id }) => id));
    deadBefore = await deadLetterBytes();

    const start = Date.now();
    const killing = Promise.all(plan.kills.map((one) => at(start, one.at, () => kill(one.target))));
    await Promise.all(
      plan.checkouts.map((checkout, index) =>
        at(start, checkout.at, async () => {
          const shopper = shoppers[index % customers] as Shopper;
          const product = onSale[checkout.product] as Product;
          const { id } = await place(shopper, product, checkout);
          const order = await settled(shopper.customer, id);
          const { quantity, offer } = checkout;
          orders.push({ order, shopper, product, quantity, shipped: offer !== undefined });
        }),
      ),
    );
    killed = await killing;
    const allLeft = async () => Object.values(await unsentMessages()).every((unsent) => unsent === 0);
    await until('every message has left', () => allLeft().catch(() => false), patience);
  });

  it('met everybody, each of them at least once', () => {
    const met = plan.kills.filter((_, index) => killed[index]).map(({ target }) => target);
    expect([...new Set(met)].sort()).toEqual(Object.keys(targets).sort());
  });

  it('end with every order confirmed or cancelled, one for each checkout', async () => {
    expect(orders).toHaveLength(count);
    // Whoever was killed last may still be on its way back.
    const ordersOf = async ({ customer }: Shopper) => {
      const page = await customer
        .call<{ items: Order[] }>('GET', '/v1/orders?limit=100')
        .catch(() => undefined);
      return page?.status === 200 && page.body.items;
    };
    const seen = await Promise.all(
      shoppers.map((shopper) => until('a customer sees their orders', () => ordersOf(shopper), patience)),
    );
    const ids = seen.flat().map(({ id }) => id);
    expect(ids.sort()).toEqual(orders.map(({ order }) => order.id).sort());
    const sold = confirmed().length;
    process.stderr.write(`chaos: ${sold} confirmed, ${count - sold} cancelled\n`);
    expect(sold).toBeGreaterThan(0);
  });

  it('leave one charge for each confirmed order, of its amount, and none for any other', async () => {
    const ours = new Set(orders.map(({ order }) => order.id));
    const taken = (await charges()).filter(({ orderId }) => ours.has(orderId));
    const owed = confirmed().map(({ order }) => ({ orderId: order.id, amount: order.total }));
    const byOrder = (a: { orderId: string }, b: { orderId: string }) => a.orderId.localeCompare(b.orderId);
    expect(taken.sort(byOrder)).toEqual(owed.sort(byOrder));
  });

  it('leave a ledger that balances', async () => {
    const totals = await ledgerTotals();
    expect(Object.keys(totals)).not.toEqual([]);
    for (const total of Object.values(totals)) expect(total).toBe(0);
  });

  it('leave the stock that was not sold', async () => {
    const left = { ...stockBefore };
    for (const { product, quantity } of confirmed()) left[product.id] = (left[product.id] ?? 0) - quantity;
    const givenBack = async () => {
      const now = await stockOf(Object.keys(left));
      return Object.entries(left).every(([id, units]) => now[id] === units);
    };
    await until('the stock is given back', () => givenBack().catch(() => false), patience).catch(() => {});
    expect(await stockOf(Object.keys(left))).toEqual(left);
  });

  it('leave one label for each confirmed order that is shipped, and none for any other', async () => {
    const referenceOf = ({ id }: Order) => id.replaceAll('-', '');
    const ours = new Set(orders.map(({ order }) => referenceOf(order)));
    const sold = async () =>
      (await labels())
        .map(({ reference, id }) => [reference.replace(/-.*/, ''), id])
        .filter(([reference]) => ours.has(reference as string))
        .sort();
    const due = confirmed()
      .filter(({ shipped }) => shipped)
      .map(({ order }) => [referenceOf(order), order.shipment?.trackingNumber])
      .sort();
    const givenBack = async () => (await sold()).length === due.length;
    await until('labels nobody needs are given back', () => givenBack().catch(() => false), patience).catch(
      () => {},
    );
    expect(await sold()).toEqual(due);
  });

  it('leave each customer with one mail that says how each order ended', async () => {
    const endings = async ({ customer }: Shopper) =>
      (await subjectsOfMails(customer.email)).filter((subject) => / (confirmed|cancelled)$/.test(subject));
    for (const shopper of shoppers) {
      const due = orders
        .filter((one) => one.shopper === shopper)
        .map(({ order }) => `Your order ${order.id} is ${order.status}`);
      const told = async () => (await endings(shopper)).length >= due.length;
      await until('every order is told of', () => told().catch(() => false), patience).catch(() => {});
      expect((await endings(shopper)).sort()).toEqual(due.sort());
    }
  });

  it('leave no message behind, unsent or among the dead letters', async () => {
    expect(Object.entries(await unsentMessages()).filter(([, unsent]) => unsent > 0)).toEqual([]);
    expect(await deadLetterBytes()).toBe(deadBefore);
  });
});
