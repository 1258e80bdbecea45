// How PostgreSQL goes about what is asked of many notifications.
import { randomUUID } from 'node:crypto';
import { createPool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { startPostgres, type TestPostgres, wholeTableReads } from '@platform/libs/testing';
import { drafts } from './application/drafts';
import { systemClock } from './application/ports';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createNotificationStore } from './storage/notificationStore';
import { createPersonalData, forgetCustomer } from './storage/personalData';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
let known: { id: string; orderId: string; customerId: string }[];
beforeAll(async () => {
  server = await startPostgres();
  const pool = createPool({ url: server.url });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await pool.query(
    `insert into orders select gen_random_uuid(), 'c-' || n % 4000, null, 'confirmed', false, now() - make_interval(secs => n)
     from generate_series(1, 20000) n`,
  );
  await pool.query(
    `insert into notifications (id, kind, about, recipient, channel, data, status, due_at, created_at)
     select gen_random_uuid(), kind, id::text, customer_id, 'email', '{}', 'sent', case when random() < 0.002 then now() end, seen_at
     from orders, unnest(array['order-confirmed', 'shipment-booked']) kind`,
  );
  const { rows } = await pool.query(
    `select id, about, recipient from notifications where due_at is null limit 20`,
  );
  known = rows.map((row) => ({ id: row.id, orderId: row.about, customerId: row.recipient }));
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

test('telling, sending, showing and forgetting read a few notifications', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const store = createNotificationStore(pool);
    const { id, orderId, customerId } = known[round]!;
    const at = systemClock.now();
    const told = drafts({ kind: 'order-confirmed', data: { orderId } }, randomUUID(), ['email']);
    await withTransaction(pool, (client) =>
      store.tell(orderId, { facts: { customerId, state: 'confirmed' }, drafts: told, at }, client),
    );
    await withTransaction(pool, (client) =>
      store.tell(randomUUID(), { facts: { customerId, state: 'cancelled' }, drafts: [], at }, client),
    );
    await store.claimDue(at, new Date(Date.parse(at) + 60_000).toISOString(), 8);
    await store.record(told[0]!.id, 1, { status: 'sent' }, at);
    await store.list(customerId, 21);
    await store.list(customerId, 21, id);
    await store.prune('2020-01-01T00:00:00.000Z');
  });
  expect(reads).toEqual([]);
});

test('a customer is found and forgotten without reading what others were told', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const { customerId } = known[10 + round]!;
    await createPersonalData(pool)(customerId);
    await withTransaction(pool, (client) => forgetCustomer(client, customerId, randomUUID()));
  });
  expect(reads).toEqual([]);
});
