import { type Square, SquareClient, SquareEnvironment, SquareError } from 'square';
import type { Movement, PaymentGateway } from '../application/ports';
import type { Outcome } from '../domain/charging';
import type { Money } from '../domain/payment';
import type { Settled } from '../domain/settling';
import { errorOf, outcomeOfError } from './squareOutcome';
import { outcomeOfPayment } from './squareState';

export interface SquareOptions {
  accessToken: string;
  /** Square itself unless given: 'http://payment-sandbox:12114'. */
  apiUrl?: string;
  /** Per request; 10 s unless told. */
  timeoutMs?: number;
}

const NAME = 'square';

export const createSquare = ({ accessToken, apiUrl, timeoutMs = 10_000 }: SquareOptions): SquareClient =>
  new SquareClient({
    ...{ token: accessToken, environment: SquareEnvironment.Production, timeoutInSeconds: timeoutMs / 1000 },
    // Retries are ours: they are counted, spread over time, and survive a restart.
    maxRetries: 0,
    ...(apiUrl && { baseUrl: apiUrl }),
  });

export interface SquareGatewayOptions {
  /** How long Square may take until its lists show a payment: 'several seconds', it says; a minute unless told. */
  listingMs?: number;
  now?: () => number;
}

/** How far the clocks of Square and ours may be apart when payments are looked for by time. */
const CLOCK_SKEW_MS = 300_000;
const DAY_MS = 24 * 3600 * 1000;
/** Square gives up what is not captured after so many days. */
const HELD_DAYS = 7;

const time = (ms: number) => new Date(ms).toISOString();
const moneyOf = ({ amount, currency }: Money): Square.Money => ({
  amount: BigInt(amount),
  currency: currency as Square.Currency,
});
const ourMoney = (money: Square.Money | undefined): Money => ({
  amount: Number(money?.amount ?? 0),
  currency: money?.currency ?? '',
});

export const createSquareGateway = (
  client: SquareClient,
  { listingMs = 60_000, now = Date.now }: SquareGatewayOptions = {},
): PaymentGateway => {
  /** What a refused capture or void means depends on what has become of the money. */
  const settledAs = async (id: string, error: unknown, wanted: 'captured' | 'voided'): Promise<Settled> => {
    if (!(error instanceof SquareError) || error.statusCode !== 400) return failed(error);
    try {
      const { payment } = await client.payments.get({ paymentId: id });
      const { kind } = outcomeOfPayment(payment ?? {});
      if (kind === wanted) return { kind: 'done', id };
      if (kind === 'captured') return { kind: 'captured', id };
      if (kind === 'voided' || kind === 'declined') {
        return { kind: 'refused', reason: 'authorisation_expired' };
      }
    } catch {
      // Said below what went wrong first.
    }
    return error.errors[0]?.category === 'PAYMENT_METHOD_ERROR'
      ? { kind: 'refused', reason: errorOf(error) }
      : failed(error);
  };

  /** A refund is known by our id in its reason: Square has no other place for it. */
  const refundOf = async (paymentId: string, reason: string): Promise<Settled | undefined> => {
    const { payment } = await client.payments.get({ paymentId });
    for (const refundId of payment?.refundIds ?? []) {
      const { refund } = await client.refunds.get({ refundId });
      if (refund?.reason === reason) return settledRefund(refund);
    }
    return undefined;
  };

  const isAllRefunded = async (paymentId: string): Promise<boolean> => {
    const { payment } = await client.payments.get({ paymentId });
    const { amount } = ourMoney(payment?.refundedMoney);
    return amount > 0 && amount === ourMoney(payment?.totalMoney).amount;
  };

  return {
    name: NAME,
    async authorise({ paymentId, amount, paymentMethod }) {
      try {
        const { payment } = await client.payments.create({
          sourceId: paymentMethod,
          // One key per payment, for all attempts: whatever gets through first is it. 45 characters at most.
          idempotencyKey: `${paymentId}-auth`,
          amountMoney: moneyOf(amount),
          autocomplete: false,
          referenceId: paymentId,
        });
        return outcomeOfPayment(payment ?? {});
      } catch (error) {
        return outcomeOfError(error);
      }
    },

    async find({ paymentId, since, attemptedAt }) {
      try {
        const payments = await client.payments.list({
          beginTime: time(Date.parse(since) - CLOCK_SKEW_MS),
          endTime: time(now() + CLOCK_SKEW_MS),
          limit: 100,
        });
        let found: Outcome | undefined;
        for await (const payment of payments) {
          if (payment.referenceId !== paymentId) continue;
          const outcome = outcomeOfPayment(payment);
          if (outcome.kind === 'authorised' || outcome.kind === 'captured') return outcome;
          found ??= outcome;
        }
        if (found) return found;
        // The lists lag behind: that it is not there yet says nothing.
        return now() - Date.parse(attemptedAt) < listingMs
          ? { kind: 'unknown', error: 'not listed yet' }
          : { kind: 'not_charged' };
      } catch (error) {
        return { kind: 'unknown', error: errorOf(error) };
      }
    },

    async capture({ transactionId: id }) {
      try {
        await client.payments.complete({ paymentId: id });
        return { kind: 'done', id };
      } catch (error) {
        return settledAs(id, error, 'captured');
      }
    },

    async void({ transactionId: id }) {
      try {
        await client.payments.cancel({ paymentId: id });
        return { kind: 'done', id };
      } catch (error) {
        return settledAs(id, error, 'voided');
      }
    },

    async refund({ transactionId: paymentId, refundId, amount, again }) {
      const reason = `refund ${refundId}`;
      try {
        const before = again ? await refundOf(paymentId, reason) : undefined;
        if (before) return before;
        const request = { idempotencyKey: refundId, paymentId, amountMoney: moneyOf(amount), reason };
        const { refund } = await client.refunds.refundPayment(request);
        return refund ? settledRefund(refund) : { kind: 'failed', error: 'no refund in the answer' };
      } catch (error) {
        if (!(error instanceof SquareError) || error.errors[0]?.category !== 'REFUND_ERROR') {
          return failed(error);
        }
        if (error.errors[0].code === 'REFUND_ALREADY_PENDING') return failed(error);
        const all = await isAllRefunded(paymentId).catch(() => false);
        return { kind: 'refused', reason: all ? 'already_refunded' : errorOf(error) };
      }
    },

    async movements(from, to) {
      const movements: Movement[] = [];
      const beginTime = time(Date.parse(from) - HELD_DAYS * DAY_MS);
      const isWithin = (at: string) => Date.parse(at) >= Date.parse(from) && Date.parse(at) < Date.parse(to);
      for await (const payment of await client.payments.list({ beginTime, endTime: to, limit: 100 })) {
        const at = payment.cardDetails?.cardPaymentTimeline?.capturedAt;
        if (payment.status !== 'COMPLETED' || !payment.id || !at || !isWithin(at)) continue;
        movements.push({ kind: 'capture', id: payment.id, amount: ourMoney(payment.totalMoney), at });
      }
      for await (const refund of await client.refunds.list({ beginTime: from, endTime: to, limit: 100 })) {
        const { id, status, amountMoney, createdAt: at = from } = refund;
        if (status === 'FAILED' || status === 'REJECTED') continue;
        movements.push({ kind: 'refund', id, amount: ourMoney(amountMoney), at });
      }
      return movements;
    },
  };
};

const failed = (error: unknown): Settled => ({ kind: 'failed', error: errorOf(error) });

const settledRefund = ({ id, status }: Square.PaymentRefund): Settled =>
  status === 'FAILED' || status === 'REJECTED'
    ? { kind: 'refused', reason: `refund ${status.toLowerCase()}` }
    : { kind: 'done', id };
