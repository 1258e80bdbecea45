// Whole checkouts through the front door, and how long an order takes beside what its commits and messages take by themselves.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, type Product } from '../../cli/customer';
import { loadCatalogue } from '../../infra/catalog/load';
import { askForQuotes, offersOf, parcel } from '../journey/quotes';
import { databaseInside, insidePod, kubectl } from './inside';
import type { Row } from './row';

/** As many as the limits of requests a customer may make ask for. */
const shoppers = 30;
const oneByOne = 60;
const atOnce = 10;
const checkouts = 300;
/**
 * What an order without shipment cannot do without. Commits: placed; reserved; authorisation wanted (by the order), noted, begun and
 * given (by the payment); capture wanted, noted and done. Trips: the six messages between order, inventory and payment.
 */
const needed = { commits: 9, trips: 6 };

interface Shop {
  customers: Customer[];
  products: Product[];
}

const open = async (frontDoor: string): Promise<Shop> => {
  const customers = Array.from({ length: shoppers }, () => new Customer(frontDoor));
  for (const customer of customers) await customer.register();
  const products: Product[] = [];
  let cursor = '';
  for (let page = 0; page < 3; page++) {
    const { body } = await customers[0]!.call<{ items: Product[]; nextCursor: string }>(
      ...(['GET', `/v1/products?limit=100${cursor}`] as const),
    );
    products.push(...body.items.filter(({ available }) => available >= 20));
    cursor = `&cursor=${body.nextCursor}`;
  }
  return { customers, products };
};

const demand = <T>({ status, body }: { status: number; body: T }, wanted: number): T => {
  if (status !== wanted) throw new Error(`answered ${status}: ${JSON.stringify(body).slice(0, 300)}`);
  return body;
};

const confirmed = async (customer: Customer, id: string): Promise<string> => {
  const order = await customer.settled(id, 60_000);
  if (order.status !== 'confirmed') throw new Error(`order ${id} was ${order.cancellationReason}`);
  return id;
};

/** Cart, address, a carrier's offer, payment, confirmed. @returns the order's id */
const checkout = async ({ customers, products }: Shop, n: number): Promise<string> => {
  const customer = customers[n % customers.length]!;
  const productId = products[n % products.length]!.id;
  const key = { 'idempotency-key': randomUUID() };
  demand(await customer.call('PUT', `/v1/cart/items/${productId}`, { quantity: 1 }), 200);
  const offers = demand(await askForQuotes(customer, parcel({ productId })), 201);
  const quoteId = offersOf(offers)[0]?.id;
  const choice = { paymentMethod: 'pm_card_visa', quoteId };
  const placed = await customer.call<{ id: string }>('POST', '/v1/cart/checkout', choice, key);
  return confirmed(customer, demand(placed, 202).id);
};

const inTurn = async (shop: Shop, count: number, parallel: number): Promise<void> => {
  let next = 0;
  // A customer has one cart, so each of those at work at the same time takes the next customer.
  const worker = async () => {
    for (let n = next++; n < count; n = next++) await checkout(shop, n);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
};

const services = loadCatalogue('local').map(({ name }) => name);

/** SQL statements that all services have made since they began, by service. */
const statements = (profile: string): Map<string, number> => {
  const read = `fetch('http://127.0.0.1:' + process.env.PORT + '/metrics').then((r) => r.text()).then((t) => process.stdout.write(t))`;
  return new Map(
    services.map((name) => {
      const where = ['-n', 'ecommerce-platform', `deployment/${name}-service-blue`, '-c', 'service'];
      const text = kubectl(profile, 'exec', ...where, '--', 'node', '-e', read);
      const counts = [...text.matchAll(/^db_query_duration_count\{[^}]*\} (\d+)/gm)];
      return [name, counts.reduce((sum, [, count]) => sum + Number(count), 0)];
    }),
  );
};

const bound = (inside: string[], what: string, env: object = {}): number => {
  const [command, ...args] = inside as [string, ...string[]];
  const script = [process.execPath, '--require', 'tsx/cjs', join(__dirname, 'bound.ts'), what];
  const text = execFileSync(command, [...args, ...script], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return Number(text);
};

const p95 = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN;

/** Milliseconds from the first to the last event of each order. */
const durations = (profile: string, ids: string[]): number[] => {
  const list = ids.map((id) => `'order-${id}'`).join(',');
  const query = `select extract(epoch from max(recorded_at) - min(recorded_at)) * 1000 from events where stream in (${list}) group by stream`;
  const psql = ['psql', '-U', 'postgres', '-d', 'order', '-qtA', '-c', query];
  const inPostgres = ['exec', '-n', 'ecommerce-platform', 'postgres-0', '-c', 'postgres', '--'];
  return kubectl(profile, ...inPostgres, ...psql)
    .split('\n')
    .filter(Boolean)
    .map(Number);
};

export const checkoutRows = async (profile: string, frontDoor: string): Promise<Row[]> => {
  const shop = await open(frontDoor);
  await inTurn(shop, 20, 2);
  const ids: string[] = [];
  for (let n = 0; n < oneByOne; n++) {
    const customer = shop.customers[n % shoppers]!;
    const items = [{ productId: shop.products[n]!.id, quantity: 1 }];
    ids.push(await confirmed(customer, (await customer.placeOrder(items, 'pm_card_visa')).id));
  }
  const commit = bound(insidePod(profile, 'app=postgres'), 'commit', {
    DATABASE_URL: databaseInside(profile),
  });
  const trip = bound(insidePod(profile, 'app=kafka'), 'trip');
  // The limits of requests are by the minute.
  await sleep(60_000);
  const before = statements(profile);
  const began = performance.now();
  await inTurn(shop, checkouts, atOnce);
  const seconds = (performance.now() - began) / 1000;
  // What follows the confirmation (messages sent, mails) belongs to it as well.
  await sleep(3000);
  const made = [...statements(profile)].map(
    ([name, count]) => [name, count - (before.get(name) ?? 0)] as const,
  );
  const all = made.reduce((sum, [, count]) => sum + count, 0);
  return [
    { name: 'one commit', measured: commit, unit: 'ms' },
    { name: 'one message through the broker', measured: trip, unit: 'ms' },
    {
      name: 'order accepted to confirmed, p95',
      measured: p95(durations(profile, ids)),
      unit: 'ms',
      baseline: needed.commits * commit + needed.trips * trip,
      target: '< 3 ×',
    },
    {
      name: `whole checkouts, ${atOnce} at a time`,
      measured: checkouts / seconds,
      unit: '/s',
      target: '≥ 40 /s',
    },
    { name: 'SQL statements per checkout', measured: all / checkouts, unit: '' },
    ...made
      .filter(([, count]) => count > 0)
      .map(([name, count]) => ({ name: `  of them by ${name}`, measured: count / checkouts, unit: '' })),
  ];
};
