// How PostgreSQL goes about what is asked of a large stock.
import { randomUUID } from 'node:crypto';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { startPostgres, type TestPostgres, wholeTableReads } from '@platform/libs/testing';
import { createHarness, HOUR } from './inventory.fixtures';
import { createItemStore } from './storage/itemStore';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createReservationStore } from './storage/reservationStore';
import { seedStock } from './storage/seed';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  const pool = createPool({ url: server.url });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK }, () => seedStock(pool, 20_000));
  await pool.query(
    `insert into reservations (order_id, status, expires_at)
     select gen_random_uuid(), case when n % 500 = 0 then 'reserved' else 'sold' end,
       case when n % 500 = 0 then now() + interval '1 day' end
     from generate_series(1, 20000) n`,
  );
  await pool.query(`insert into reservation_lines select order_id, 'prd-00001', 1 from reservations`);
  await pool.query(
    `insert into adjustments select 's-1', 'key-' || n, 'hash', 'prd-00002', 1, 'return', '{}' from generate_series(1, 20000) n`,
  );
  await pool.query('vacuum (analyze)');
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

const product = (n: number) => `prd-${String(n).padStart(5, '0')}`;

test('reserving, selling, giving back and ending touch the products of the order', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const one = createHarness(pool);
    const [sold, released] = [randomUUID(), randomUUID()];
    for (const order of [sold, released])
      await one.reserve(order, [product(1000 + 3 * round), 1], [product(1001 + 3 * round), 1]);
    await one.reservations.confirm(sold);
    await one.reservations.release(released);
    await one.reserve(randomUUID(), [product(2000 + round), 1]);
    one.wait(3 * HOUR);
    await one.reservations.expireDue();
    await createReservationStore(pool).findExpired(one.clock.now(), 50);
  });
  expect(reads).toEqual([]);
});

test('looking and changing by hand read what they show', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const items = createItemStore(pool);
    const productId = product(3000 + round);
    const { version } = (await items.find(productId))!;
    await items.put(productId, { stock: 50, threshold: 1 }, { kind: 'version', version });
    await items.put(`new-${round}`, { stock: 50, threshold: 1 }, { kind: 'new' });
    const key = randomUUID();
    for (let n = 0; n < 2; n++)
      await items.adjust({ actorId: 's-1', key, requestHash: 'x', productId, change: 1, reason: 'return' });
    for (const low of [true, false]) {
      await items.list({ limit: 21, low });
      await items.list({ limit: 21, low, after: product(5000) });
    }
  });
  expect(reads).toEqual([]);
});

test('a change of stock stays on its page and touches no index', async () => {
  const pool = createPool({ url: server.url, max: 1 });
  const counted = async () => {
    await pool.query('select pg_stat_force_next_flush()');
    const { rows } = await pool.query(
      "select n_tup_upd as updated, n_tup_hot_upd as in_place from pg_stat_user_tables where relname = 'stock_items'",
    );
    return rows[0] as { updated: number; in_place: number };
  };
  const one = createHarness(pool);
  const { rows: plenty } = await pool.query(
    'select product_id from stock_items where stock > 100 and product_id > $1 order by 1 limit 200',
    [product(8000)],
  );
  const before = await counted();
  for (const { product_id } of plenty) await one.reserve(randomUUID(), [product_id, 1]);
  const after = await counted();
  await pool.end();
  expect(after.updated - before.updated).toBe(200);
  expect(after.in_place - before.in_place).toBe(200);
});
