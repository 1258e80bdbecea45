// How PostgreSQL goes about what is asked of a shop with many orders.
import { randomUUID } from 'node:crypto';
import { createPostgresEventStore, START } from '@platform/libs/eventstore';
import { createPool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { startPostgres, type TestPostgres, wholeTableReads } from '@platform/libs/testing';
import { systemClock } from './application/ports';
import { viewOf } from './application/view';
import { defaultPatience } from './domain/checkout';
import { foldOrder, place } from './domain/order';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createOrderStore } from './storage/orderStore';
import { createPersonalData, forgetCustomer } from './storage/personalData';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
let known: { id: string; customerId: string }[];
beforeAll(async () => {
  server = await startPostgres();
  const pool = createPool({ url: server.url });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await pool.query(
    `insert into orders select gen_random_uuid(), 'c-' || n % 4000, case when n % 500 = 0 then 'pending' else 'confirmed' end,
       '{}', case when n % 500 = 0 then now() end from generate_series(1, 20000) n`,
  );
  await pool.query(`insert into placements select customer_id, 'key-' || id, 'hash', '{}' from orders`);
  await pool.query(
    `insert into events (stream, version, type, data) select 'order-' || id, version, 'OrderPlaced.v1',
       jsonb_build_object('customerId', customer_id, 'paymentMethod', 'pm_card_visa')
     from orders, generate_series(1, 3) version`,
  );
  const { rows } = await pool.query('select id, customer_id from orders limit 20');
  known = rows.map((row) => ({ id: row.id, customerId: row.customer_id }));
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

test('placing, changing and showing orders read those orders', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const store = createOrderStore({
      pool,
      events: createPostgresEventStore(pool),
      patience: defaultPatience,
    });
    const { id, customerId } = known[round]!;
    const at = systemClock.now();
    const lines = [{ productId: 'prd-00001', quantity: 1, unitPrice: { amount: 500, currency: 'EUR' } }];
    const total = { amount: 500, currency: 'EUR' };
    const order = { orderId: randomUUID(), customerId, items: lines, total, paymentMethod: 'pm', at };
    const events = place(order, foldOrder([]));
    const placed = foldOrder(events);
    if (placed.status === 'none') throw new Error('the order was not placed');
    const answer = viewOf(placed, { createdAt: at, updatedAt: at });
    const key = randomUUID();
    await store.findPlacement(customerId, key);
    await store.place({ customerId, key, requestHash: 'hash', answer }, events);
    await store.change(order.orderId, () => [{ type: 'PaymentRequested', data: { attempt: 1, at } }]);
    await store.find(id, customerId);
    await store.list(customerId, 20);
    await store.list(customerId, 20, id);
    await store.findDue(at, 50);
  });
  expect(reads).toEqual([]);
});

test('events are read by stream and in order, and a customer is found and forgotten, without reading those of others', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const events = createPostgresEventStore(pool);
    const { id, customerId } = known[10 + round]!;
    await events.readStream(`order-${id}`);
    const first = await events.readAll(START, 100);
    await events.readAll(first.at(-1)!.position, 100);
    await createPersonalData(pool)(customerId);
    await withTransaction(pool, (client) => forgetCustomer(client, customerId, randomUUID()));
  });
  expect(reads).toEqual([]);
});

test('the events table is vacuumed, frozen and counted in small steps', async () => {
  const pool = createPool({ url: server.url });
  const { rows } = await pool.query("select reloptions from pg_class where relname = 'events'");
  await pool.end();
  expect(rows[0].reloptions).toEqual([
    'autovacuum_vacuum_insert_scale_factor=0.02',
    'autovacuum_freeze_min_age=0',
    'autovacuum_analyze_scale_factor=0.01',
  ]);
});
