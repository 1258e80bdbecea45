import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { createPostgresEventStore } from '@platform/libs/eventstore';
import { createEvent } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres } from '@platform/libs/testing';
import { paymentIdOf } from './application/ids';
import { createPayments } from './application/payments';
import type { ChargeRequest, PaymentGateway } from './application/ports';
import { startWorker } from './application/worker';
import type { Outcome } from './domain/charging';
import { createHandlers } from './messaging/handlers';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createPaymentStore } from './storage/paymentStore';
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

const charged: Outcome = { kind: 'succeeded', transactionId: 'pi_1' };

const createHarness = (gateway: Partial<PaymentGateway>) => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  let now = Date.parse('2030-01-01T00:00:00.000Z');
  const clock = { now: () => new Date(now).toISOString() };
  const store = createPaymentStore({ pool, events: createPostgresEventStore(pool) });
  const orderId = randomUUID();
  const paymentId = paymentIdOf(orderId);
  const unexpected = async (): Promise<never> => {
    throw new Error('not expected here');
  };
  const payments = createPayments({
    store,
    gateway: { name: 'stripe', charge: unexpected, enquire: unexpected, refund: unexpected, ...gateway },
    clock,
    logger: createLogger('payment-test', { destination }),
    transaction: (work) => withTransaction(pool, work),
  });
  const wish = {
    orderId,
    customerId: 'c-1',
    amount: { amount: 1000, currency: 'EUR' },
    paymentMethod: 'pm_card_visa',
  };
  return {
    wish,
    payments,
    store,
    clock,
    paymentId,
    lines,
    wait: (seconds: number) => {
      now += seconds * 1000;
    },
    request: () => withTransaction(pool, (client) => payments.request(wish, client)),
    advance: () => payments.advance(paymentId),
    notify: (eventId: string, outcome: Outcome) =>
      payments.notified({ gateway: 'stripe', eventId, about: { paymentId, outcome } }),
    status: async () => (await store.load(paymentId)).status,
    history: async (): Promise<string[]> =>
      (
        await pool.query('select type from events where stream = $1 order by version', [
          `payment-${paymentId}`,
        ])
      ).rows.map((row) => row.type),
    sent: async (): Promise<string[]> =>
      (
        await pool.query(`select event->>'type' as type from outbox where key = $1 order by id`, [orderId])
      ).rows.map((row) => row.type),
  };
};

describe('a payment in PostgreSQL', () => {
  it('is one payment although it is asked for twice at once, and tells its end again when asked again', async () => {
    const charge = jest.fn(async () => charged);
    const { request, advance, history, sent } = createHarness({ charge });
    const both = await Promise.allSettled([request(), request()]);
    // The second may find the first in its way; the consumer then repeats it.
    for (const { status } of both) if (status === 'rejected') await request();
    await advance();
    await advance();
    await request();
    expect(charge).toHaveBeenCalledTimes(1);
    expect(await history()).toEqual(['PaymentStarted.v1', 'AttemptStarted.v1', 'PaymentSucceeded.v1']);
    expect(await sent()).toEqual(['payment.succeeded.v1', 'payment.succeeded.v1']);
  });

  it('has its intent on record, and no transaction open, while the gateway is called', async () => {
    let seen: unknown;
    const { request, advance, history } = createHarness({
      async charge() {
        const open = await pool.query(
          `select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()`,
        );
        seen = { open: open.rows[0].n, last: (await history()).at(-1) };
        return charged;
      },
    });
    await request();
    await advance();
    expect(seen).toEqual({ open: 0, last: 'AttemptStarted.v1' });
  });

  it('is resolved by asking, not charged again, when the process died between call and record', async () => {
    const atGateway = new Map<string, ChargeRequest>();
    const charge = jest.fn((wish: ChargeRequest) => {
      atGateway.set(wish.paymentId, wish);
      return new Promise<never>(() => {});
    });
    const enquire = async ({ paymentId }: { paymentId: string }): Promise<Outcome> =>
      atGateway.has(paymentId) ? charged : { kind: 'not_charged' };
    const { request, advance, status, sent } = createHarness({ charge, enquire });
    await request();
    void advance();
    while (atGateway.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await advance();
    expect(await status()).toBe('succeeded');
    expect(charge).toHaveBeenCalledTimes(1);
    expect(await sent()).toEqual(['payment.succeeded.v1']);
  });

  it('stays open as long as the gateway cannot be asked', async () => {
    const enquire = jest
      .fn<Promise<Outcome>, []>()
      .mockResolvedValueOnce({ kind: 'retriable', error: 'ECONNREFUSED' })
      .mockResolvedValueOnce({ kind: 'unknown', error: 'ETIMEDOUT' })
      .mockResolvedValueOnce(charged);
    const { request, advance, wait, status, sent } = createHarness({
      charge: async () => ({ kind: 'unknown', error: 'ETIMEDOUT' }),
      enquire,
    });
    await request();
    await advance();
    for (let i = 0; i < 2; i += 1) {
      wait(10);
      await advance();
      expect([await status(), await sent()]).toEqual(['asking', []]);
    }
    wait(10);
    await advance();
    expect([await status(), await sent()]).toEqual(['succeeded', ['payment.succeeded.v1']]);
  });

  it('waits 2, then 4 seconds, fails after three attempts, and logs it without the payment method', async () => {
    const charge = jest.fn(async (): Promise<Outcome> => ({ kind: 'retriable', error: 'rate_limited' }));
    const { request, advance, wait, status, sent, lines } = createHarness({ charge });
    await request();
    await advance();
    wait(1.9);
    await advance();
    expect(charge).toHaveBeenCalledTimes(1);
    wait(0.1);
    await advance();
    wait(3.9);
    await advance();
    expect(charge).toHaveBeenCalledTimes(2);
    wait(0.1);
    await advance();
    expect(charge).toHaveBeenCalledTimes(3);
    expect([await status(), await sent()]).toEqual(['failed', ['payment.failed.v1']]);
    const logged = lines.map((line) => JSON.parse(line));
    expect(logged.filter(({ event }) => event === 'payment_retry')).toMatchObject([
      { gateway: 'stripe', error: { message: 'rate_limited' }, attempt: 1, willRetry: true },
      { attempt: 2, willRetry: true },
      { attempt: 3, willRetry: false },
    ]);
    expect(logged.at(-1)).toMatchObject({
      event: 'payment_failed',
      err: { type: 'PaymentProcessingError', cause: { message: 'rate_limited' } },
    });
    expect(lines.join('')).not.toContain('pm_card');
  });

  it('ends once when the webhook overtakes the answer', async () => {
    const harness = createHarness({
      async charge() {
        await harness.notify('evt_early', charged);
        return charged;
      },
    });
    await harness.request();
    await harness.advance();
    expect((await harness.history()).filter((type) => type === 'PaymentSucceeded.v1')).toHaveLength(1);
    expect(await harness.sent()).toEqual(['payment.succeeded.v1']);
  });

  it('gives back, once, what was charged after it had failed', async () => {
    const refund = jest.fn(async () => ({ kind: 'refunded' as const, refundId: 're_1' }));
    const { request, advance, notify, status, sent } = createHarness({
      charge: async () => ({ kind: 'misconfigured', error: 'api_key_expired' }),
      refund,
    });
    await request();
    await advance();
    expect(await status()).toBe('failed');
    expect(await notify('evt_late', charged)).toBe(true);
    expect(await notify('evt_late', charged)).toBe(false);
    await advance();
    await advance();
    expect(refund).toHaveBeenCalledTimes(1);
    expect(await status()).toBe('refunded');
    expect(await sent()).toEqual(['payment.failed.v1']);
  });

  it('is taken up by one worker only, and by another when the first has died', async () => {
    const { request, store, paymentId, clock, wait } = createHarness({});
    await request();
    const claim = () =>
      store.claimDue(clock.now(), new Date(Date.parse(clock.now()) + 30_000).toISOString(), 100);
    const claims = await Promise.all([claim(), claim(), claim()]);
    expect(claims.flat().filter((id) => id === paymentId)).toHaveLength(1);
    wait(29);
    expect(await claim()).not.toContain(paymentId);
    wait(2);
    expect(await claim()).toContain(paymentId);
  });

  it('is carried to its end by the worker', async () => {
    const outcomes: Outcome[] = [{ kind: 'retriable', error: 'rate_limited' }, charged];
    const { request, payments, store, status, clock, paymentId, wait } = createHarness({
      charge: async () => outcomes.shift()!,
    });
    await request();
    const worker = startWorker({
      store,
      advance: (id) => (id === paymentId ? payments.advance(id) : Promise.resolve()),
      clock,
      logger: createLogger('worker', { level: 'silent' }),
      pollMs: 20,
    });
    for (let i = 0; i < 200 && (await status()) !== 'succeeded'; i += 1) {
      wait(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await worker.stop();
    expect(await status()).toBe('succeeded');
  });
});

describe('the payments of somebody who was erased', () => {
  it('stay for the books without them, as soon as there is nothing left to do', async () => {
    const logger = createLogger('payment-test', { level: 'silent' });
    const erasures = createErasures({ pool, logger, forget: forgetCustomer });
    const outcomes: Outcome[] = [{ kind: 'retriable', error: 'rate_limited' }, charged];
    const { payments, wish, request, advance, wait, store } = createHarness({
      charge: async () => outcomes.shift()!,
    });
    wish.customerId = randomUUID();
    await request();
    await advance();
    const erased = createEvent({
      ...{ source: '/user-service', type: 'user.erased.v1', subject: wish.customerId },
      data: { userId: wish.customerId },
    });
    await withTransaction(pool, async (client) => {
      await createHandlers(payments, erasures)['user.erased.v1']?.handle(erased, {
        client,
        logger,
        attempt: 1,
      });
    });
    await erasures.carryOut();
    const mine = createPersonalData(pool);
    expect((await mine(wish.customerId)).payments).toMatchObject([{ paymentMethod: 'pm_card_visa' }]);

    wait(2);
    await advance();
    await erasures.carryOut();
    expect((await mine(wish.customerId)).payments).toEqual([]);
    const kept = await store.load(paymentIdOf(wish.orderId));
    expect(kept).toMatchObject({ status: 'succeeded', amount: wish.amount, paymentMethod: 'erased' });
    const { rows } = await pool.query(
      'select (select json_agg(e) from events e)::text || (select json_agg(p) from payments p)::text as text',
    );
    expect(rows[0].text).not.toContain(wish.customerId);
  });
});
