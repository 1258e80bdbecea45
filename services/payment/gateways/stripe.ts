import Stripe from 'stripe';
import {
  type Movement,
  type Notification,
  type NotificationReader,
  NotificationRefused,
  type PaymentGateway,
} from '../application/ports';
import type { Outcome } from '../domain/charging';
import type { Settled } from '../domain/settling';
import { errorOf, outcomeOfError, outcomeOfIntent } from './stripeOutcome';

export interface StripeOptions {
  apiKey: string;
  /** Stripe itself unless given: 'http://payment-sandbox:12111'. */
  apiUrl?: string;
  /** Per request; 10 s unless told. */
  timeoutMs?: number;
}

/** Pinned: an answer must not change its shape because an account was upgraded. */
const API_VERSION = '2026-10-28.endive';
const NAME = 'stripe';

export const createStripe = ({ apiKey, apiUrl, timeoutMs = 10_000 }: StripeOptions): Stripe => {
  const url = apiUrl ? new URL(apiUrl) : undefined;
  return new Stripe(apiKey, {
    apiVersion: API_VERSION,
    // Retries are ours: they are counted, spread over time, and survive a restart.
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    telemetry: false,
    ...(url && {
      protocol: url.protocol === 'https:' ? 'https' : 'http',
      host: url.hostname,
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
    }),
  });
};

/** How far the clocks of Stripe and ours may be apart when charges are looked for by time, in seconds. */
const CLOCK_SKEW = 300;
/** Stripe forgets idempotency keys after 24 hours; what is older than that is not looked for either. */
const LOOK_BACK = 24 * 3600;

const seconds = (at: string) => Math.floor(Date.parse(at) / 1000);
const moneyOf = (amount: number, currency: string) => ({ amount, currency: currency.toUpperCase() });

/** One key per payment (or refund) and kind of operation, for all attempts: whatever gets through first is it. */
const keyed = (id: string, operation: string) => ({ idempotencyKey: `payment-${id}-${NAME}-${operation}` });

export const createStripeGateway = (stripe: Stripe): PaymentGateway => {
  /** What a refused capture or void means depends on what has become of the money. */
  const settledAs = async (
    transactionId: string,
    error: unknown,
    wanted: 'succeeded' | 'canceled',
  ): Promise<Settled> => {
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return failed(error);
    try {
      const { status } = await stripe.paymentIntents.retrieve(transactionId);
      if (status === wanted) return { kind: 'done', id: transactionId };
      if (status === 'succeeded') return { kind: 'captured', id: transactionId };
      if (status === 'canceled') return { kind: 'refused', reason: 'authorisation_expired' };
    } catch {
      // Said below what went wrong first.
    }
    return failed(error);
  };

  const refundOf = async (transactionId: string, refundId: string): Promise<Settled | undefined> => {
    for await (const refund of stripe.refunds.list({ payment_intent: transactionId, limit: 100 })) {
      if (refund.metadata?.refund_id === refundId) return settledRefund(refund);
    }
    return undefined;
  };

  return {
    name: NAME,
    async authorise({ paymentId, orderId, amount, paymentMethod }) {
      try {
        const intent = await stripe.paymentIntents.create(
          {
            amount: amount.amount,
            currency: amount.currency.toLowerCase(),
            payment_method: paymentMethod,
            capture_method: 'manual',
            // No methods that lead the customer away to another page: nobody is there to follow.
            automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
            confirm: true,
            error_on_requires_action: true,
            metadata: { payment_id: paymentId, order_id: orderId },
          },
          keyed(paymentId, 'authorise'),
        );
        const outcome = outcomeOfIntent(intent);
        return outcome.kind === 'not_charged' ? { kind: 'unknown', error: intent.status } : outcome;
      } catch (error) {
        return outcomeOfError(error);
      }
    },

    async find({ paymentId, since }) {
      try {
        const from = seconds(since) - CLOCK_SKEW;
        // Listed, not searched: Stripe's search index lags behind by up to a minute and would answer 'none' too early.
        const intents = stripe.paymentIntents.list({
          created: { gte: from, lte: from + LOOK_BACK },
          limit: 100,
        });
        let found: Outcome = { kind: 'not_charged' };
        for await (const intent of intents) {
          if (intent.metadata.payment_id !== paymentId) continue;
          const outcome = outcomeOfIntent(intent);
          if (outcome.kind === 'captured' || outcome.kind === 'authorised') return outcome;
          if (found.kind === 'not_charged') found = outcome;
        }
        return found;
      } catch (error) {
        return { kind: 'unknown', error: errorOf(error) };
      }
    },

    async capture({ paymentId, transactionId, amount }) {
      try {
        await stripe.paymentIntents.capture(
          transactionId,
          { amount_to_capture: amount.amount },
          keyed(paymentId, 'capture'),
        );
        return { kind: 'done', id: transactionId };
      } catch (error) {
        return error instanceof Stripe.errors.StripeCardError
          ? { kind: 'refused', reason: errorOf(error) }
          : settledAs(transactionId, error, 'succeeded');
      }
    },

    async void({ paymentId, transactionId }) {
      try {
        await stripe.paymentIntents.cancel(transactionId, {}, keyed(paymentId, 'void'));
        return { kind: 'done', id: transactionId };
      } catch (error) {
        return settledAs(transactionId, error, 'canceled');
      }
    },

    async refund({ paymentId, transactionId, refundId, amount, again }) {
      try {
        // The key is good for a day only; what was tried before is looked for by our own id.
        const before = again ? await refundOf(transactionId, refundId) : undefined;
        if (before) return before;
        const refund = await stripe.refunds.create(
          {
            payment_intent: transactionId,
            amount: amount.amount,
            metadata: { payment_id: paymentId, refund_id: refundId },
          },
          keyed(refundId, 'refund'),
        );
        return settledRefund(refund);
      } catch (error) {
        if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return failed(error);
        return {
          kind: 'refused',
          reason: error.code === 'charge_already_refunded' ? 'already_refunded' : errorOf(error),
        };
      }
    },

    async movements(from, to) {
      const movements: Movement[] = [];
      const created = { gte: seconds(from), lt: seconds(to) };
      const booked = stripe.balanceTransactions.list({ created, limit: 100, expand: ['data.source'] });
      for await (const { source, amount, currency, created: at } of booked) {
        if (!source || typeof source === 'string') continue;
        const movement = {
          amount: moneyOf(Math.abs(amount), currency),
          at: new Date(at * 1000).toISOString(),
        };
        if (source.object === 'refund') movements.push({ kind: 'refund', id: source.id, ...movement });
        if (source.object === 'charge' && source.payment_intent) {
          const { payment_intent: intent } = source;
          movements.push({
            ...{ kind: 'capture', id: typeof intent === 'string' ? intent : intent.id },
            ...movement,
          });
        }
      }
      return movements;
    },
  };
};

const failed = (error: unknown): Settled => ({ kind: 'failed', error: errorOf(error) });

const settledRefund = ({ id, status }: Stripe.Refund): Settled =>
  status === 'failed' || status === 'canceled'
    ? { kind: 'refused', reason: `refund ${status}` }
    : { kind: 'done', id };

export interface StripeNotificationOptions {
  stripe: Stripe;
  /** 'whsec_…' */
  secret: string;
  /** How old a signature may be; Stripe's own 300 s unless told. */
  toleranceSeconds?: number;
}

const ABOUT_MONEY = [
  'payment_intent.amount_capturable_updated',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
];

export const createStripeNotifications = ({
  stripe,
  secret,
  toleranceSeconds = 300,
}: StripeNotificationOptions): NotificationReader => ({
  gateway: NAME,
  headers: ['stripe-signature'],
  async read(body, headers) {
    let event: Stripe.Event;
    try {
      const signature = headers['stripe-signature'] ?? '';
      event = stripe.webhooks.constructEvent(body, signature, secret, toleranceSeconds);
    } catch (cause) {
      throw new NotificationRefused('The signature is missing, not ours, or too old.', cause);
    }
    const notification: Notification = { gateway: NAME, eventId: event.id };
    if (!ABOUT_MONEY.includes(event.type)) return notification;
    const intent = event.data.object as Stripe.PaymentIntent;
    const paymentId = intent.metadata?.payment_id;
    const outcome = outcomeOfIntent(intent);
    if (!paymentId || outcome.kind === 'unknown' || outcome.kind === 'not_charged') return notification;
    return { ...notification, about: { paymentId, outcome } };
  },
});
