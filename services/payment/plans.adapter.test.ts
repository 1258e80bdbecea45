// How PostgreSQL goes about what is asked of many payments.
import { randomUUID } from 'node:crypto';
import { createPostgresEventStore } from '@platform/libs/eventstore';
import { createPool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { startPostgres, type TestPostgres, wholeTableReads } from '@platform/libs/testing';
import { systemClock } from './application/ports';
import { beginAttempt, start } from './domain/charging';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createPaymentStore } from './storage/paymentStore';
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
    `insert into payments select gen_random_uuid(), gen_random_uuid(), 'c-' || n % 4000, '{"createdAt": "2026-01-01"}',
       case when n % 500 = 0 then now() end from generate_series(1, 20000) n`,
  );
  await pool.query(
    `insert into events (stream, version, type, data) select 'payment-' || id, version, 'PaymentStarted.v1',
       jsonb_build_object('customerId', customer_id, 'paymentMethod', 'pm_card_visa')
     from payments, generate_series(1, 3) version`,
  );
  await pool.query(
    `insert into gateway_notifications select 'stripe', 'evt-' || n from generate_series(1, 20000) n`,
  );
  const { rows } = await pool.query('select id, order_id, customer_id from payments limit 20');
  known = rows.map((row) => ({ id: row.id, orderId: row.order_id, customerId: row.customer_id }));
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

test('starting, charging and showing payments read those payments', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const store = createPaymentStore({ pool, events: createPostgresEventStore(pool) });
    const { id, orderId, customerId } = known[round]!;
    const at = systemClock.now();
    const payment = { paymentId: randomUUID(), orderId: randomUUID(), customerId, at };
    const amount = { amount: 500, currency: 'EUR' };
    const methods = [{ gateway: 'stripe', paymentMethod: 'pm' }];
    await store.change(payment.paymentId, (none) =>
      start({ ...payment, amount, methods, capture: 'at_once' }, none),
    );
    await store.change(payment.paymentId, (ready) => beginAttempt(ready, at));
    await store.load(payment.paymentId);
    await store.claimDue(at, new Date(Date.parse(at) + 60_000).toISOString(), 5);
    await store.release(id);
    await store.find(id, customerId);
    await store.findByOrder(orderId, customerId);
    await withTransaction(pool, (client) => store.recordNotification('stripe', randomUUID(), client));
  });
  expect(reads).toEqual([]);
});

test('a customer is found and forgotten without reading the payments of others', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const { customerId } = known[10 + round]!;
    await createPersonalData(pool)(customerId);
    await withTransaction(pool, (client) => forgetCustomer(client, customerId, randomUUID()));
  });
  expect(reads).toEqual([]);
});
