import { randomUUID } from 'node:crypto';
import { type Pool, withTransaction } from '@platform/libs/postgres';
import { paymentIdOf } from './application/ids';
import type { PaymentGateway } from './application/ports';
import type { Outcome } from './domain/charging';
import type { Settled } from './domain/settling';
import { gatewayThat, held, startPayments, taken } from './payment.fixtures';
import { completeLedger, ledgerBalance } from './storage/ledger';

jest.setTimeout(30_000);

let service: Awaited<ReturnType<typeof startPayments>>;
let pool: Pool;
beforeAll(async () => {
  service = await startPayments();
  ({ pool } = service);
}, 60_000);
afterAll(() => service?.stop());
const createHarness: typeof service.harness = (...gateways) => service.harness(...gateways);
const outbox: typeof service.outbox = (orderId) => service.outbox(orderId);

describe("an order's questions", () => {
  const asked = {
    customerId: 'c-1',
    amount: { amount: 1000, currency: 'EUR' },
    paymentMethod: 'pm_card_visa',
  };
  const authorise = async () => held;

  it('are answered: authorised, captured, refunded, each once, and again when they are asked again', async () => {
    const { hear, advance, paymentId, wish } = createHarness({
      authorise,
      capture: async () => taken,
      refund: async () => ({ kind: 'done', id: 're_1' }),
    });
    const refundId = randomUUID();
    const refund = { refundId, amount: { amount: 300, currency: 'EUR' }, reason: 'broken' };
    for (const [type, data] of [
      ['order.payment-authorisation-requested.v1', asked],
      ['order.payment-capture-requested.v1', {}],
      ['order.payment-refund-requested.v1', refund],
    ] as const) {
      await hear(type, data);
      await advance();
      await hear(type, data);
      await advance();
    }
    const { orderId } = wish;
    const paid = { orderId, paymentId, gateway: 'stripe', transactionId: 'pi_1', amount: asked.amount };
    const refunded = { orderId, paymentId, refundId, amount: refund.amount };
    expect(await outbox(orderId)).toEqual([
      { type: 'payment.authorised.v1', data: paid },
      { type: 'payment.authorised.v1', data: paid },
      { type: 'payment.captured.v1', data: paid },
      { type: 'payment.captured.v1', data: paid },
      { type: 'payment.refunded.v1', data: refunded },
      { type: 'payment.refunded.v1', data: refunded },
    ]);
  });

  it('are answered when they cannot be fulfilled', async () => {
    const { hear, wish, paymentId } = createHarness({});
    const refundId = randomUUID();
    await hear('order.payment-capture-requested.v1');
    await hear('order.payment-refund-requested.v1', { refundId });
    const ids = { orderId: wish.orderId, paymentId };
    expect(await outbox(wish.orderId)).toEqual([
      { type: 'payment.capture-failed.v1', data: { ...ids, reason: 'no_payment' } },
      { type: 'payment.refund-failed.v1', data: { ...ids, refundId, reason: 'no_payment' } },
    ]);
  });

  it('may call the payment off before it is asked for', async () => {
    const { hear, wish, paymentId, status } = createHarness({});
    await hear('order.payment-void-requested.v1');
    await hear('order.payment-authorisation-requested.v1', asked);
    await hear('order.payment-void-requested.v1');
    const voided = { type: 'payment.voided.v1', data: { orderId: wish.orderId, paymentId } };
    expect(await outbox(wish.orderId)).toEqual([voided, voided, voided]);
    expect(await status()).toBe('forestalled');
  });

  it('may call it off when it is authorised, and when it is captured', async () => {
    const refund = jest.fn(async (): Promise<Settled> => ({ kind: 'done', id: 're_1' }));
    for (const gone of [
      { void: async (): Promise<Settled> => ({ kind: 'done', id: 'pi_1' }) },
      { void: async (): Promise<Settled> => ({ kind: 'captured', id: 'pi_1' }), refund },
    ]) {
      const { hear, advance, sent } = createHarness({ authorise, ...gone });
      await hear('order.payment-authorisation-requested.v1', asked);
      await advance();
      await hear('order.payment-void-requested.v1');
      await advance();
      await advance();
      expect((await sent()).at(-1)).toBe('payment.voided.v1');
    }
    expect(refund).toHaveBeenCalledTimes(1);
  });

  it('are answered as before where everything is asked at once', async () => {
    const { hear, advance, wish, sent, store, paymentId } = createHarness({
      authorise,
      capture: async () => taken,
    });
    await hear('order.payment-requested.v1', asked);
    await advance();
    await advance();
    await hear('order.payment-requested.v1', asked);
    expect(await sent()).toEqual(['payment.succeeded.v1', 'payment.succeeded.v1']);
    expect(await store.find(paymentId, wish.customerId)).toMatchObject({ status: 'succeeded' });
  });

  it('with a card number in them are refused, and the number is written down nowhere', async () => {
    const { hear, sent, lines, store, paymentId } = createHarness({});
    for (const paymentMethod of ['4242424242424242', 'pm_4242 4242-4242 4242']) {
      await hear('order.payment-authorisation-requested.v1', { ...asked, paymentMethod });
    }
    expect(await sent()).toEqual(['payment.declined.v1', 'payment.declined.v1']);
    expect(await store.find(paymentId, 'c-1')).toMatchObject({
      status: 'declined',
      reason: 'card_number_refused',
    });
    const { rows } = await pool.query(
      `select (select json_agg(e) from events e)::text || (select json_agg(p) from payments p)::text
              || (select json_agg(o) from outbox o)::text as text`,
    );
    for (const text of [rows[0].text, lines.join('')]) expect(text).not.toMatch(/4242.?4242/);
  });
});

describe('a second gateway', () => {
  const down = async (): Promise<Outcome> => ({ kind: 'retriable', error: 'ECONNREFUSED' });
  const square = (authorise: PaymentGateway['authorise']) => gatewayThat('square', { authorise });
  const both = [
    { gateway: 'stripe', paymentMethod: 'pm_card_visa' },
    { gateway: 'square', paymentMethod: 'cnon:card-nonce-ok' },
  ];

  it('takes over after three attempts, with its own token, and says so', async () => {
    const tokens: string[] = [];
    const { wish, request, advance, wait, sent, store, paymentId, lines } = createHarness(
      { authorise: down },
      square(async ({ paymentMethod }) => {
        tokens.push(paymentMethod);
        return { kind: 'authorised', transactionId: 'sq_1' };
      }),
    );
    wish.methods = both;
    await request();
    for (const pause of [0, 2, 4, 0]) {
      wait(pause);
      await advance();
    }
    expect(tokens).toEqual(['cnon:card-nonce-ok']);
    expect(await sent()).toEqual(['payment.authorised.v1']);
    expect(await store.find(paymentId, 'c-1')).toMatchObject({ gateway: 'square', transactionId: 'sq_1' });
    expect(lines.join('')).toContain('payment_fallback');
    expect(lines.join('')).not.toContain('cnon');
  });

  it('is not gone to while it is unknown what the first has done', async () => {
    const { wish, request, advance, wait, status } = createHarness(
      {
        authorise: async () => ({ kind: 'unknown', error: 'ETIMEDOUT' }),
        find: async () => ({ kind: 'unknown', error: 'ETIMEDOUT' }),
      },
      square(async () => {
        throw new Error('asked although it is unknown what the first has done');
      }),
    );
    wish.methods = both;
    await request();
    for (let i = 0; i < 20; i += 1) {
      wait(300);
      await advance();
    }
    expect(await status()).toBe('asking');
  });

  it('comes first while the preferred one is left out for failing again and again', async () => {
    const authorise = jest.fn(down);
    const { payments, wish } = createHarness(
      { authorise },
      square(async () => ({ kind: 'authorised', transactionId: 'sq_1' })),
    );
    const pay = async () => {
      const orderId = randomUUID();
      await withTransaction(pool, (client) => payments.request({ ...wish, orderId, methods: both }, client));
      await payments.advance(paymentIdOf(orderId));
      return (await outbox(orderId)).map(({ type }) => type);
    };
    for (let i = 0; i < 4; i += 1) expect(await pay()).toEqual([]);
    expect(await pay()).toEqual(['payment.authorised.v1']);
    expect(authorise).toHaveBeenCalledTimes(4);
  });
});

describe('the ledger', () => {
  it('has the postings of a payment when it has its events, and adds up to nothing', async () => {
    const { hear, advance, paymentId } = createHarness({
      authorise: async () => held,
      capture: async () => taken,
      refund: async () => ({ kind: 'done', id: 're_9' }),
    });
    await hear('order.payment-requested.v1', {
      ...{ customerId: 'c-1', amount: { amount: 1000, currency: 'EUR' }, paymentMethod: 'pm_card_visa' },
    });
    await advance();
    await advance();
    await hear('order.payment-refund-requested.v1', {
      ...{ refundId: randomUUID(), amount: { amount: 300, currency: 'EUR' } },
    });
    await advance();
    const postings = async () =>
      (
        await pool.query(
          `select account, sum(amount)::int as amount, max(reference) as last from ledger_postings
           where payment_id = $1 group by account order by account`,
          [paymentId],
        )
      ).rows;
    const expected = [
      { account: 'customer_receivable', amount: 0, last: 're_9' },
      { account: 'gateway_clearing', amount: 700, last: 're_9' },
      { account: 'refunds', amount: 300, last: null },
      { account: 'revenue', amount: -1000, last: null },
    ];
    expect(await postings()).toEqual(expected);
    expect(await ledgerBalance(pool)).toEqual([{ currency: 'EUR', total: 0 }]);

    // As an instance of the version before leaves it.
    await pool.query('delete from ledger_postings where payment_id = $1', [paymentId]);
    await pool.query('update payments set booked_version = 0 where id = $1', [paymentId]);
    expect([await completeLedger(pool), await completeLedger(pool)]).toEqual([1, 0]);
    expect(await postings()).toEqual(expected);
  });
});
