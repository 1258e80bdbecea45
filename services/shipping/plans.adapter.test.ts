// How PostgreSQL goes about what is asked of many shipments.
import { randomUUID } from 'node:crypto';
import { createPostgresEventStore } from '@platform/libs/eventstore';
import { createPool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { startPostgres, type TestPostgres, wholeTableReads } from '@platform/libs/testing';
import { systemClock } from './application/ports';
import { historyOfOrder } from './storage/history';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createPersonalData, forgetCustomer } from './storage/personalData';
import { createQuoteStore } from './storage/quoteStore';
import { createShipmentStore } from './storage/shipmentStore';
import { createTrackingStore } from './storage/trackingStore';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
let known: { id: string; orderId: string; customerId: string; quoteId: string; requestId: string }[];
beforeAll(async () => {
  server = await startPostgres();
  const pool = createPool({ url: server.url });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await pool.query(
    `insert into quote_requests select gen_random_uuid(), 'c-' || n % 4000, 'key-' || n, 'hash', '{}', '[]', '{}',
       now() + make_interval(secs => n) from generate_series(1, 20000) n`,
  );
  await pool.query(`insert into quotes select gen_random_uuid(), id, '{}' from quote_requests`);
  await pool.query(
    `insert into shipments (id, order_id, customer_id, quote_id, status, view, due_at, tracking_status, tracking_since, track_at)
     select gen_random_uuid(), gen_random_uuid(), customer_id, quotes.id, 'booked', '{"createdAt": "2026-01-01", "updatedAt": "2026-01-01"}',
       case when random() < 0.002 then now() end, 'delivered', now(), case when random() < 0.002 then now() end
     from quotes join quote_requests on quote_requests.id = request_id`,
  );
  await pool.query(
    `insert into events (stream, version, type, data) select 'shipment-' || id, version, 'ShipmentRequested.v1',
       jsonb_build_object('customerId', customer_id) from shipments, generate_series(1, 3) version`,
  );
  await pool.query(
    `insert into shipment_labels select id, 1, 'T', 'application/pdf', 'label' from shipments`,
  );
  await pool.query(
    `insert into tracking_events select id, now(), 'code', 'delivered', 'there' from shipments`,
  );
  const { rows } = await pool.query(
    `select shipments.*, request_id from shipments join quotes on quotes.id = quote_id where due_at is null limit 20`,
  );
  known = rows.map((row) => ({
    ...{ id: row.id, orderId: row.order_id, customerId: row.customer_id },
    ...{ quoteId: row.quote_id, requestId: row.request_id },
  }));
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

test('booking, tracking and showing shipments read those shipments', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const events = createPostgresEventStore(pool);
    const store = createShipmentStore({ pool, events, firstLookMs: 1000 });
    const tracking = createTrackingStore(pool);
    const { id, orderId, customerId } = known[round]!;
    const at = systemClock.now();
    const later = new Date(Date.parse(at) + 60_000).toISOString();
    await store.load(id);
    await store.claimDue(at, later, 5);
    await store.release(id);
    await store.find(id, customerId);
    await store.findByOrder(orderId, customerId);
    await store.findLabel(id, 1, customerId);
    await store.countUnresolved();
    await tracking.claimDue(at, later, 5);
    await tracking.load(id);
    const event = { status: 'delivered' as const, at, code: 'round', description: 'there' };
    await tracking.record(id, { added: [event], changes: [event], status: 'delivered', at }, undefined);
    await tracking.list(id, customerId);
    await historyOfOrder(pool, events)(orderId);
  });
  expect(reads).toEqual([]);
});

test('quotes are found, ordered by and forgotten without reading those of others', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const quotes = createQuoteStore(pool);
    const { customerId, quoteId, requestId } = known[5 + round]!;
    await quotes.findByKey(customerId, randomUUID());
    await quotes.find(requestId, customerId);
    await quotes.findQuote(quoteId);
    await quotes.prune(systemClock.now());
  });
  expect(reads).toEqual([]);
});

test('a customer is found and forgotten without reading the shipments of others', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const { customerId } = known[10 + round]!;
    await createPersonalData(pool)(customerId);
    await withTransaction(pool, (client) => forgetCustomer(client, customerId, randomUUID()));
  });
  expect(reads).toEqual([]);
});
