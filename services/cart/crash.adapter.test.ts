// The service as a process, killed when its order is placed and before it can take anything out of the cart.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafka } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres } from '@platform/libs/testing';
import { USER_TOPIC } from './application/messages';
import { Neighbours, tokenOf } from './cart.fixtures';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

jest.setTimeout(120_000);

const neighbours = new Neighbours();
const PORT = 39_008;
const url = `http://127.0.0.1:${PORT}`;
const token = tokenOf('c-1');
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let broker: Awaited<ReturnType<typeof startKafka>>;
let database: string;
let pool: Pool;
let running: ChildProcess | undefined;

beforeAll(async () => {
  [postgres, broker] = await Promise.all([startPostgres(), startKafka(), neighbours.start()]);
  database = await postgres.createDatabase();
  pool = createPool({ url: database });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  const logger = createLogger('cart-test', { level: 'silent' });
  const kafka = createKafka({ brokers: broker.brokers, clientId: 'cart-test', logger });
  await kafka.ensureTopics([USER_TOPIC]);
  await kafka.close();
  neighbours.reset();
}, 120_000);
afterAll(async () => {
  running?.kill('SIGKILL');
  neighbours.stop();
  await pool?.end();
  await Promise.all([postgres?.stop(), broker?.stop()]);
});

const start = async () => {
  const main = join(__dirname, 'main.ts');
  const child = spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), main], {
    stdio: 'ignore',
    env: {
      ...process.env,
      ...{ PORT: String(PORT), DATABASE_URL: database, KAFKA_BROKERS: broker.brokers.join(',') },
      ...{ PRODUCT_SERVICE_URL: neighbours.baseUrl, ORDER_SERVICE_URL: neighbours.baseUrl },
      JWKS_URL: `${neighbours.baseUrl}/.well-known/jwks.json`,
    },
  });
  running = child;
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(50)) {
    const ready = await fetch(`${url}/ready`).catch(() => undefined);
    if (ready?.status === 200) return child;
  }
  throw new Error('the service did not become ready');
};
const call = async (method: string, path: string, body?: object, key?: string) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, {
    ...{ method, body: body && JSON.stringify(body) },
    headers: { ...headers, ...(key && { 'idempotency-key': key }) },
  });
  return { status: response.status, body: (await response.json()) as { id?: string } };
};
const checkOut = (key: string) => call('POST', '/v1/cart/checkout', { paymentMethod: 'pm_card_visa' }, key);
const stateOf = async () => {
  const carts = await pool.query<{ items: object[] }>('select items from carts');
  const checkouts = await pool.query<{ status: string }>('select status from checkouts order by created_at');
  return { items: carts.rows[0]?.items.length, checkouts: checkouts.rows.map(({ status }) => status) };
};

test.each([
  // Both keys have the one order.
  ['the same request', 'key-1', 'key-1', ['placed']],
  ['a request with another key', 'key-2', 'key-3', ['placed', 'placed']],
])(
  'killed between order and cart, %s finds the order, and nothing is ordered twice',
  async (_, key, next, placed) => {
    neighbours.reset();
    const child = await start();
    await call('PUT', '/v1/cart/items/prd-00001', { quantity: 2 });
    await call('PUT', '/v1/cart/items/prd-00002', { quantity: 1 });
    const before = await stateOf();
    const gone = once(child, 'exit');
    // The order stands, and its answer never arrives.
    neighbours.fates.push({ after: () => child.kill('SIGKILL') && gone });
    await expect(checkOut(key)).rejects.toThrow();
    await gone;
    expect(neighbours.orders).toHaveLength(1);
    expect(await stateOf()).toEqual({ items: 2, checkouts: [...before.checkouts, 'asked'] });

    const second = await start();
    const answer = await checkOut(next);
    expect([answer.status, answer.body.id]).toEqual([202, neighbours.orders[0]?.id]);
    expect(neighbours.orders).toHaveLength(1);
    expect(await stateOf()).toEqual({ items: 0, checkouts: [...before.checkouts, ...placed] });
    expect((await checkOut(next)).body).toEqual(answer.body);
    const stopped = once(second, 'exit');
    second.kill('SIGTERM');
    await stopped;
  },
);
