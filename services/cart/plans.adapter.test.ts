// How PostgreSQL goes about what is asked of a shop with many carts.
import { randomUUID } from 'node:crypto';
import { createPool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { startPostgres, type TestPostgres, wholeTableReads } from '@platform/libs/testing';
import { createCartStore } from './storage/cartStore';
import { createCheckoutStore } from './storage/checkoutStore';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createPersonalData, forgetCustomer } from './storage/personalData';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

const DAY_MS = 86_400_000;
let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  const pool = createPool({ url: server.url });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await pool.query(
    `insert into carts select 'c-' || n, gen_random_uuid(), 1,
       '[{"productId": "prd-00001", "quantity": 1, "unitPrice": {"amount": 500, "currency": "EUR"}, "available": 9}]',
       now() - n * interval '2 minutes' from generate_series(1, 20000) n`,
  );
  await pool.query(
    `insert into checkouts (customer_id, key, request_hash, order_key, status, answer, created_at)
       select customer_id, 'key-' || n, 'hash', 'order-' || customer_id || n, 'placed', '{"id": "1"}', touched_at
     from carts, generate_series(1, 2) n`,
  );
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

test('a cart is found, changed, checked out and forgotten without reading those of others', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const customerId = `c-${round + 1}`;
    const [carts, checkouts] = [createCartStore(pool), createCheckoutStore(pool)];
    const at = new Date().toISOString();
    const times = { now: at, underWayUntil: at };
    const found = (await carts.find(customerId))!;
    const cart = { ...found, version: found.version + 1 };
    expect(await carts.save(customerId, found, cart, at)).toBe(true);
    await checkouts.find(customerId, 'key-1');
    const request = {
      ...{ items: [{ productId: 'prd-00001', quantity: 1 }], paymentMethod: 'pm_card_visa' },
      expectedTotal: { amount: 500, currency: 'EUR' },
    };
    const orderKey = randomUUID();
    for (const key of ['a', 'b'])
      await checkouts.open(customerId, cart, { key, requestHash: 'hash', orderKey, request }, times);
    await checkouts.again(customerId, 'a', times);
    expect(await checkouts.others(customerId, { key: 'a', orderKey })).toHaveLength(1);
    expect(await checkouts.forget(customerId, 'b', 1)).toBe(true);
    await checkouts.complete(customerId, { key: 'a', orderKey }, { id: 'o' }, at);
    expect((await carts.find(customerId))?.items).toEqual([]);
    await createPersonalData(pool)(customerId);
    await withTransaction(pool, (client) => forgetCustomer(client, customerId, randomUUID()));
  });
  expect(reads).toEqual([]);
});

test('old carts and checkouts are found, and active carts counted, without reading all of them', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const [carts, checkouts] = [createCartStore(pool), createCheckoutStore(pool)];
    const before = new Date(Date.now() - 27 * DAY_MS).toISOString();
    expect(await carts.removeUntouched(before, 20)).toBe(20);
    expect(await checkouts.removeDecided(before, 20)).toBe(20);
    expect(await carts.countActive(new Date(Date.now() - DAY_MS).toISOString())).toBeGreaterThan(round);
  });
  expect(reads).toEqual([]);
});
