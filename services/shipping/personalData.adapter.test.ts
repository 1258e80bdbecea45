import { randomUUID } from 'node:crypto';
import { createEvent } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres } from '@platform/libs/testing';
import { type Carrier, carriersOf, type TrackingOutcome } from './application/ports';
import { createHandlers } from './messaging/handlers';
import { bought, createHarness, fakeCarrier, home } from './shipping.fixtures';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createPersonalData, forgetCustomer } from './storage/personalData';

jest.setTimeout(30_000);

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let pool: Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = createPool({ url: await postgres.createDatabase() });
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await postgres?.stop();
});

const harness = (carrier: Partial<Carrier> = {}) => createHarness(pool, carriersOf([fakeCarrier(carrier)]));

describe('quotes', () => {
  it('that nobody ordered by are forgotten after a while, with their addresses', async () => {
    const one = harness({ buy: async () => bought });
    const [used, unused] = [await one.quoted(), await one.quoted()];
    await one.request(used);
    await one.quotes.prune(new Date(Date.parse(one.clock.now()) + 3_700_000).toISOString());
    expect(await one.quotes.findQuote(used)).toBeDefined();
    expect(await one.quotes.findQuote(unused)).toBeUndefined();
  });
});

describe('the shipments of somebody who was erased', () => {
  it('stay for the books without them, their address and their labels, as soon as nothing needs these', async () => {
    const logger = createLogger('shipping-test', { level: 'silent' });
    const erasures = createErasures({ pool, logger, forget: forgetCustomer });
    const customerId = randomUUID();
    const moving: TrackingOutcome = {
      kind: 'tracked',
      events: [{ status: 'in_transit', at: '2030-01-01T00:00:00.000Z', code: 'PU', description: 'PU' }],
    };
    const one = harness({ buy: async () => bought, track: async () => moving });
    await one.request(await one.quoted({ customerId }), customerId);
    await one.settle();
    await one.quoted({ customerId });
    const erased = createEvent({
      ...{ source: '/user-service', type: 'user.erased.v1', subject: customerId },
      data: { userId: customerId },
    });
    await withTransaction(pool, async (client) => {
      const handlers = createHandlers(one.shipments, erasures);
      await handlers['user.erased.v1']?.handle(erased, { client, logger, attempt: 1 });
    });
    const mine = createPersonalData(pool);
    expect((await mine(customerId)).quotes).toHaveLength(2);

    await erasures.carryOut();
    // The parcel is still here: its label, and so its owner, are needed.
    expect(await mine(customerId)).toMatchObject({
      shipments: [{ status: 'booked' }],
      quotes: [{ address: home }],
    });
    expect(await one.store.findLabel(one.shipmentId, 1, customerId)).toBeDefined();

    await one.track();
    await erasures.carryOut();
    expect(await mine(customerId)).toEqual({ shipments: [], quotes: [] });
    expect(await one.load()).toMatchObject({ status: 'booked', booking: { trackingNumber: '1Z' } });
    const { rows } = await pool.query(
      `select (select json_agg(e) from events e)::text || (select json_agg(s) from shipments s)::text
         || coalesce((select json_agg(q) from quote_requests q where customer_id = $1)::text, '') as text,
         (select count(*)::int from shipment_labels where shipment_id = $2) as labels`,
      [customerId, one.shipmentId],
    );
    expect(rows[0].text).not.toContain(customerId);
    expect(rows[0].labels).toBe(0);
  });
});
