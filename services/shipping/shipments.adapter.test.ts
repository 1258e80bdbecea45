import { randomUUID } from 'node:crypto';
import { createPool, type Pool, rollbackMigration, runMigrations } from '@platform/libs/postgres';
import { startWorker } from '@platform/libs/resilience';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres } from '@platform/libs/testing';
import { type Carrier, carriersOf, type LabelOutcome } from './application/ports';
import { LABEL_LIMIT_BYTES } from './application/shipments';
import { bought, cost, createHarness, fakeCarrier, home, label } from './shipping.fixtures';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

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
const types = (messages: { type: string }[]) => messages.map(({ type }) => type);

describe('a shipment in PostgreSQL', () => {
  it('is one shipment although it is asked for twice at once, and tells how it stands when asked again', async () => {
    const buy = jest.fn(async () => bought);
    const { quoted, request, settle, history, sent, orderId, shipmentId } = harness({ buy });
    const quoteId = await quoted();
    const both = await Promise.allSettled([request(quoteId), request(quoteId)]);
    // The second may find the first in its way; the consumer then repeats it.
    for (const { status } of both) if (status === 'rejected') await request(quoteId);
    await settle();
    await request(quoteId);
    expect(buy).toHaveBeenCalledTimes(1);
    expect(await history()).toEqual(['ShipmentRequested', 'AttemptStarted', 'LabelBought']);
    const messages = await sent();
    const data = {
      ...{ orderId, shipmentId, carrier: 'ups', trackingNumber: '1Z', cost },
      estimatedDelivery: '2030-01-05',
    };
    expect(messages).toMatchObject([
      { type: 'shipment.booked.v1', data },
      { type: 'shipment.booked.v1', data },
    ]);
  });

  it('has its intent on record, and no transaction open, while the carrier is called', async () => {
    let seen: unknown;
    const { quoted, request, advance, history } = harness({
      async buy() {
        const open = await pool.query(
          `select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()`,
        );
        seen = { open: open.rows[0].n, last: (await history()).at(-1) };
        return bought;
      },
    });
    await request(await quoted());
    await advance();
    expect(seen).toEqual({ open: 0, last: 'AttemptStarted' });
  });

  it('is resolved by asking, not bought again, when the process died between call and record', async () => {
    let called = false;
    const buy = jest.fn(() => {
      called = true;
      return new Promise<never>(() => {});
    });
    const { quoted, request, advance, status, sent } = harness({ buy, enquire: async () => bought });
    await request(await quoted());
    void advance();
    while (!called) await new Promise((resolve) => setTimeout(resolve, 5));
    await advance();
    expect(await status()).toBe('booked');
    expect(buy).toHaveBeenCalledTimes(1);
    expect(types(await sent())).toEqual(['shipment.booked.v1']);
  });

  it('keeps the label, for its owner, while it is booked', async () => {
    const { quoted, request, cancel, settle, store, shipmentId } = harness({
      buy: async () => bought,
      void: async () => ({ kind: 'voided' }),
    });
    await request(await quoted());
    await settle();
    expect(await store.findLabel(shipmentId, 1, 'c-1')).toEqual(label);
    expect(await store.findLabel(shipmentId, 2, 'c-1')).toBeUndefined();
    expect(await store.findLabel(shipmentId, 1, 'c-2')).toBeUndefined();
    await cancel();
    await settle();
    expect(await store.findLabel(shipmentId, 1, 'c-1')).toBeUndefined();
  });

  it('whose label is too large to keep gives it back and is not booked with it', async () => {
    const large = { ...label, bytes: Buffer.alloc(LABEL_LIMIT_BYTES + 1) };
    const answers: LabelOutcome[] = [{ ...bought, labels: [large] } as LabelOutcome, bought];
    const giveBack = jest.fn(async () => ({ kind: 'voided' as const }));
    const { quoted, request, settle, status, history } = harness({
      buy: async () => answers.shift()!,
      void: giveBack,
    });
    await request(await quoted());
    await settle();
    expect(giveBack).toHaveBeenCalledWith({ trackingNumber: '1Z', reference: expect.stringMatching(/-1$/) });
    expect(await status()).toBe('booked');
    expect(await history()).toContain('LabelLost');
  });

  it.each([
    ['quote_unknown', async () => randomUUID()],
    ['quote_unknown', ({ quoted }: ReturnType<typeof harness>) => quoted({ customerId: 'somebody else' })],
    [
      'quote_expired',
      async ({ quoted, wait }: ReturnType<typeof harness>) => {
        const id = await quoted();
        wait(3601);
        return id;
      },
    ],
    ['unknown_carrier', ({ quoted }: ReturnType<typeof harness>) => quoted({ carrier: 'pigeon' })],
  ])('fails with %s, tells the order, and calls nobody', async (reason, quoteOf) => {
    const one = harness();
    await one.request(await quoteOf(one));
    await one.settle();
    expect(await one.sent()).toMatchObject([
      { type: 'shipment.failed.v1', data: { orderId: one.orderId, reason } },
    ]);
    const logged = one.lines.map((line) => JSON.parse(line));
    expect(logged).toContainEqual(
      expect.objectContaining({ event: 'shipment_failed', orderId: one.orderId, reason }),
    );
    if (reason === 'unknown_carrier') {
      expect(logged[0].err.message).toBe("There is no carrier 'pigeon'");
    }
  });

  it('logs what goes wrong with its order and carrier, and never an address', async () => {
    const outcomes: LabelOutcome[] = [
      { kind: 'retriable', error: 'rate_limited' },
      { kind: 'rejected', reason: 'BAD_ADDRESS' },
    ];
    const one = harness({ buy: async () => outcomes.shift()! });
    await one.request(await one.quoted());
    await one.settle();
    const logged = one.lines.map((line) => JSON.parse(line));
    const base = { orderId: one.orderId, carrier: 'ups' };
    expect(logged).toMatchObject([
      { ...base, event: 'label_retry', attempt: 1, willRetry: true },
      { ...base, event: 'label_retry', attempt: 2, willRetry: false },
      { ...base, level: 'error', event: 'shipment_failed', reason: 'BAD_ADDRESS' },
    ]);
    expect(one.lines.join('')).not.toContain(home.street[0]);
  });

  it('of which the carrier never says what became is not bought again: a person is called', async () => {
    const buy = jest.fn(async (): Promise<LabelOutcome> => ({ kind: 'unknown', error: 'no_answer' }));
    const one = harness({ buy, enquire: async () => ({ kind: 'unknown', error: 'not_found_yet' }) });
    await one.request(await one.quoted());
    const before = await one.store.countUnresolved();
    await one.settle();
    expect(buy).toHaveBeenCalledTimes(1);
    expect(await one.status()).toBe('unresolved');
    expect(await one.store.countUnresolved()).toBe(before + 1);
    expect(await one.sent()).toMatchObject([
      { type: 'shipment.failed.v1', data: { reason: 'label_unresolved' } },
    ]);
    expect(one.lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ event: 'person_needed', orderId: one.orderId, carrier: 'ups' }),
    );
  });

  it('is taken up by one worker only, and by another when the first has died', async () => {
    const { quoted, request, store, shipmentId, clock, wait } = harness();
    await request(await quoted());
    const claim = () =>
      store.claimDue(clock.now(), new Date(Date.parse(clock.now()) + 30_000).toISOString(), 100);
    const claims = await Promise.all([claim(), claim(), claim()]);
    expect(claims.flat().filter((id) => id === shipmentId)).toHaveLength(1);
    wait(29);
    expect(await claim()).not.toContain(shipmentId);
    wait(2);
    expect(await claim()).toContain(shipmentId);
  });

  it('is carried to its end by the worker', async () => {
    const outcomes: LabelOutcome[] = [{ kind: 'retriable', error: 'rate_limited' }, bought];
    const one = harness({ buy: async () => outcomes.shift()! });
    await one.request(await one.quoted());
    const worker = startWorker({
      ...{ what: 'a shipment', store: one.store, clock: one.clock, pollMs: 20, leaseMs: 90_000 },
      advance: (id) => (id === one.shipmentId ? one.advance() : Promise.resolve()),
      logger: createLogger('worker', { level: 'silent' }),
    });
    for (let i = 0; i < 200 && (await one.status()) !== 'booked'; i += 1) {
      one.wait(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await worker.stop();
    expect(await one.status()).toBe('booked');
  });
});

describe('a cancellation', () => {
  it('that overtakes the request is remembered, and both are answered', async () => {
    const { quoted, request, cancel, settle, sent, status } = harness();
    await cancel();
    await request(await quoted());
    await settle();
    await cancel();
    expect(await status()).toBe('cancelled');
    expect(types(await sent())).toEqual(Array(3).fill('shipment.cancelled.v1'));
  });

  it('of a booked shipment gives the label back, once it is asked for, and then says so', async () => {
    const outcomes = [{ kind: 'failed', error: 'http_503' } as const, { kind: 'voided' } as const];
    const giveBack = jest.fn(async () => outcomes.shift()!);
    const { quoted, request, cancel, advance, settle, sent } = harness({
      buy: async () => bought,
      void: giveBack,
    });
    await request(await quoted());
    await settle();
    await cancel();
    await cancel();
    await advance();
    expect(types(await sent())).toEqual(['shipment.booked.v1']);
    await settle();
    expect(giveBack).toHaveBeenCalledTimes(2);
    expect(types(await sent())).toEqual(['shipment.booked.v1', 'shipment.cancelled.v1']);
    await cancel();
    expect(types(await sent()).at(-1)).toBe('shipment.cancelled.v1');
  });

  it('that meets a purchase gives back what it bought, without ever calling it booked', async () => {
    const one = harness({
      async buy() {
        await one.cancel();
        return bought;
      },
      void: async () => ({ kind: 'voided' }),
    });
    await one.request(await one.quoted());
    await one.settle();
    expect(await one.history()).toEqual([
      ...['ShipmentRequested', 'AttemptStarted', 'CancellationRequested', 'LabelBought', 'LabelVoided'],
      'ShipmentCancelled',
    ]);
    expect(types(await one.sent())).toEqual(['shipment.cancelled.v1']);
  });

  it('that the carrier refuses is not answered as done, and a person is called', async () => {
    const one = harness({
      buy: async () => bought,
      void: async () => ({ kind: 'refused', error: 'in_transit' }),
    });
    await one.request(await one.quoted());
    await one.settle();
    await one.cancel();
    await one.settle();
    expect(await one.status()).toBe('void-refused');
    expect(types(await one.sent())).toEqual(['shipment.booked.v1']);
    expect(one.lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'person_needed', error: { message: 'in_transit' } }),
    );
  });
});

it('goes up and down again', async () => {
  const url = await postgres.createDatabase();
  const other = createPool({ url });
  await runMigrations({ pool: other, migrations, lockId: MIGRATION_LOCK });
  for (const id of Object.keys(migrations).reverse()) {
    await rollbackMigration({ pool: other, migrations, lockId: MIGRATION_LOCK }, id);
  }
  await other.end();
});
