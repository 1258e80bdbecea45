import Stripe from 'stripe';
import { type NotificationReader, NotificationRefused, type PaymentGateway } from '../application/ports';
import type { Outcome } from '../domain/charging';
import { outcomeOfError, outcomeOfIntent } from './stripeOutcome';

export interface StripeOptions {
  apiKey: string;
  /** Stripe itself unless given: 'http://stripe-sandbox:12111'. */
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

export const createStripeGateway = (stripe: Stripe): PaymentGateway => ({
  name: NAME,
  async charge({ paymentId, orderId, amount, paymentMethod }) {
    try {
      const intent = await stripe.paymentIntents.create(
        {
          amount: amount.amount,
          currency: amount.currency.toLowerCase(),
          payment_method: paymentMethod,
          // No methods that lead the customer away to another page: nobody is there to follow.
          automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
          confirm: true,
          error_on_requires_action: true,
          metadata: { payment_id: paymentId, order_id: orderId },
        },
        // One key per payment and gateway, for all attempts: whatever gets through first is the charge.
        { idempotencyKey: `payment-${paymentId}-${NAME}` },
      );
      const outcome = outcomeOfIntent(intent);
      return outcome.kind === 'not_charged' ? { kind: 'unknown', error: intent.status } : outcome;
    } catch (error) {
      return outcomeOfError(error);
    }
  },

  async enquire({ paymentId, since }) {
    try {
      const from = Math.floor(Date.parse(since) / 1000) - CLOCK_SKEW;
      // Listed, not searched: Stripe's search index lags behind by up to a minute and would answer 'none' too early.
      const intents = stripe.paymentIntents.list({
        created: { gte: from, lte: from + LOOK_BACK },
        limit: 100,
      });
      let found: Outcome = { kind: 'not_charged' };
      for await (const intent of intents) {
        if (intent.metadata.payment_id !== paymentId) continue;
        const outcome = outcomeOfIntent(intent);
        if (outcome.kind === 'succeeded') return outcome;
        if (found.kind === 'not_charged') found = outcome;
      }
      return found;
    } catch (error) {
      const outcome = outcomeOfError(error);
      return { kind: 'unknown', error: 'error' in outcome ? outcome.error : outcome.kind };
    }
  },

  async refund({ paymentId, transactionId }) {
    try {
      const refund = await stripe.refunds.create(
        { payment_intent: transactionId, metadata: { payment_id: paymentId } },
        { idempotencyKey: `payment-${paymentId}-${NAME}-refund` },
      );
      return refund.status === 'failed' || refund.status === 'canceled'
        ? { kind: 'failed', error: `refund ${refund.status}` }
        : { kind: 'refunded', refundId: refund.id };
    } catch (error) {
      if (error instanceof Stripe.errors.StripeError && error.code === 'charge_already_refunded') {
        return { kind: 'refunded', refundId: 'already-refunded' };
      }
      const outcome = outcomeOfError(error);
      return { kind: 'failed', error: 'error' in outcome ? outcome.error : outcome.kind };
    }
  },
});

export interface StripeNotificationOptions {
  stripe: Stripe;
  /** 'whsec_…' */
  secret: string;
  /** How old a signature may be; Stripe's own 300 s unless told. */
  toleranceSeconds?: number;
}

export const createStripeNotifications = ({
  stripe,
  secret,
  toleranceSeconds = 300,
}: StripeNotificationOptions): NotificationReader => ({
  read(body, signature) {
    let event: Stripe.Event;
    try {
      event = stripe.webhooks.constructEvent(body, signature, secret, toleranceSeconds);
    } catch (cause) {
      throw new NotificationRefused('The signature is missing, not ours, or too old.', cause);
    }
    const notification = { gateway: NAME, eventId: event.id };
    if (event.type !== 'payment_intent.succeeded' && event.type !== 'payment_intent.payment_failed')
      return notification;
    const intent = event.data.object;
    const paymentId = intent.metadata?.payment_id;
    const outcome = outcomeOfIntent(intent);
    if (!paymentId || outcome.kind === 'unknown' || outcome.kind === 'not_charged') return notification;
    return { ...notification, about: { paymentId, outcome } };
  },
});
