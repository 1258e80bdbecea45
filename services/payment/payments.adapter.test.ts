import { randomUUID } from 'node:crypto';
import { createEvent } from '@platform/libs/messaging';
import { type Pool, withTransaction } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import { startWorker } from '@platform/libs/resilience';
import { createLogger } from '@platform/libs/telemetry';
import { paymentIdOf } from './application/ids';
import type { AuthoriseRequest } from './application/ports';
import type { Outcome } from './domain/charging';
import { createHandlers } from './messaging/handlers';
import { held, startPayments } from './payment.fixtures';
import { createPersonalData, forgetCustomer } from './storage/personalData';

jest.setTimeout(30_000);

let service: Awaited<ReturnType<typeof startPayments>>;
let pool: Pool;
beforeAll(async () => {
  service = await startPayments();
  ({ pool } = service);
}, 60_000);
afterAll(() => service?.stop());
const createHarness: typeof service.harness = (...gateways) => service.harness(...gateways);

describe('a payment in PostgreSQL', () => {
  it('is one payment although it is asked for twice at once, and tells its end again when asked again', async () => {
    const authorise = jest.fn(async () => held);
    const { request, advance, history, sent } = createHarness({ authorise });
    const both = await Promise.allSettled([request(), request()]);
    // The second may find the first in its way; the consumer then repeats it.
    for (const { status } of both) if (status === 'rejected') await request();
    await advance();
    await advance();
    await request();
    expect(authorise).toHaveBeenCalledTimes(1);
    expect(await history()).toEqual(['PaymentStarted.v1', 'AttemptStarted.v1', 'PaymentAuthorised.v1']);
    expect(await sent()).toEqual(['payment.authorised.v1', 'payment.authorised.v1']);
  });

  it('has its intent on record, and no transaction open, while the gateway is called', async () => {
    let seen: unknown;
    const { request, advance, history } = createHarness({
      async authorise() {
        const open = await pool.query(
          `select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()`,
        );
        seen = { open: open.rows[0].n, last: (await history()).at(-1) };
        return held;
      },
    });
    await request();
    await advance();
    expect(seen).toEqual({ open: 0, last: 'AttemptStarted.v1' });
  });

  it('is resolved by asking, not charged again, when the process died between call and record', async () => {
    const atGateway = new Map<string, AuthoriseRequest>();
    const authorise = jest.fn((wish: AuthoriseRequest) => {
      atGateway.set(wish.paymentId, wish);
      return new Promise<never>(() => {});
    });
    const find = async ({ paymentId }: { paymentId: string }): Promise<Outcome> =>
      atGateway.has(paymentId) ? held : { kind: 'not_charged' };
    const { request, advance, status, sent } = createHarness({ authorise, find });
    await request();
    void advance();
    while (atGateway.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await advance();
    expect(await status()).toBe('authorised');
    expect(authorise).toHaveBeenCalledTimes(1);
    expect(await sent()).toEqual(['payment.authorised.v1']);
  });

  it('stays open as long as the gateway cannot be asked', async () => {
    const find = jest
      .fn<Promise<Outcome>, []>()
      .mockResolvedValueOnce({ kind: 'retriable', error: 'ECONNREFUSED' })
      .mockResolvedValueOnce({ kind: 'unknown', error: 'ETIMEDOUT' })
      .mockResolvedValueOnce(held);
    const { request, advance, wait, status, sent } = createHarness({
      authorise: async () => ({ kind: 'unknown', error: 'ETIMEDOUT' }),
      find,
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
    expect([await status(), await sent()]).toEqual(['authorised', ['payment.authorised.v1']]);
  });

  it('waits 2, then 4 seconds, fails after three attempts, and logs it without the payment method', async () => {
    const authorise = jest.fn(async (): Promise<Outcome> => ({ kind: 'retriable', error: 'rate_limited' }));
    const { request, advance, wait, status, sent, lines } = createHarness({ authorise });
    await request();
    await advance();
    wait(1.9);
    await advance();
    expect(authorise).toHaveBeenCalledTimes(1);
    wait(0.1);
    await advance();
    wait(3.9);
    await advance();
    expect(authorise).toHaveBeenCalledTimes(2);
    wait(0.1);
    await advance();
    expect(authorise).toHaveBeenCalledTimes(3);
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
      async authorise() {
        await harness.notify('evt_early', held);
        return held;
      },
    });
    await harness.request();
    await harness.advance();
    expect((await harness.history()).filter((type) => type === 'PaymentAuthorised.v1')).toHaveLength(1);
    expect(await harness.sent()).toEqual(['payment.authorised.v1']);
  });

  it('gives back, once, what was charged after it had failed', async () => {
    const refund = jest.fn(async () => ({ kind: 'done' as const, id: 're_1' }));
    const { request, advance, notify, status, sent, store, paymentId } = createHarness({
      authorise: async () => ({ kind: 'misconfigured', error: 'api_key_expired' }),
      refund,
    });
    await request();
    await advance();
    expect(await status()).toBe('failed');
    expect(await notify('evt_late', { kind: 'captured', transactionId: 'pi_1' })).toBe(true);
    expect(await notify('evt_late', { kind: 'captured', transactionId: 'pi_1' })).toBe(false);
    await advance();
    await advance();
    expect(refund).toHaveBeenCalledTimes(1);
    expect(await store.find(paymentId, 'c-1')).toMatchObject({ status: 'refunded' });
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
    const outcomes: Outcome[] = [{ kind: 'retriable', error: 'rate_limited' }, held];
    const { request, payments, store, status, clock, paymentId, wait } = createHarness({
      authorise: async () => outcomes.shift()!,
    });
    await request();
    const worker = startWorker({
      what: 'a payment',
      store,
      advance: (id) => (id === paymentId ? payments.advance(id) : Promise.resolve()),
      clock,
      logger: createLogger('worker', { level: 'silent' }),
      pollMs: 20,
      leaseMs: 30_000,
    });
    for (let i = 0; i < 200 && (await status()) !== 'authorised'; i += 1) {
      wait(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await worker.stop();
    expect(await status()).toBe('authorised');
  });
});

describe('the payments of somebody who was erased', () => {
  it('stay for the books without them, as soon as there is nothing left to do', async () => {
    const logger = createLogger('payment-test', { level: 'silent' });
    const erasures = createErasures({ pool, logger, forget: forgetCustomer });
    const outcomes: Outcome[] = [{ kind: 'retriable', error: 'rate_limited' }, held];
    const { payments, wish, request, advance, wait, store } = createHarness({
      authorise: async () => outcomes.shift()!,
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
    expect(kept).toMatchObject({ status: 'authorised', amount: wish.amount, paymentMethod: 'erased' });
    const { rows } = await pool.query(
      'select (select json_agg(e) from events e)::text || (select json_agg(p) from payments p)::text as text',
    );
    expect(rows[0].text).not.toContain(wish.customerId);
  });
});
