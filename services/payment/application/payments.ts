import type { Logger } from '@platform/libs/telemetry';
import {
  beginAttempt,
  enquiryOutcome,
  nextStep,
  type Outcome,
  settle,
  settleRefund,
  start,
} from '../domain/charging';
import { isAnswered, type Money, type Payment, type PaymentEvent } from '../domain/payment';
import { paymentIdOf } from './ids';
import {
  type Change,
  type Clock,
  type Notification,
  type PaymentGateway,
  PaymentProcessingError,
  type PaymentStore,
  type Transaction,
} from './ports';

export interface PaymentRequest {
  orderId: string;
  customerId: string;
  amount: Money;
  paymentMethod: string;
}

export interface PaymentsDeps {
  store: PaymentStore;
  gateway: PaymentGateway;
  clock: Clock;
  logger: Logger;
  /** Opens the transaction a notification of the gateway is handled in. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

export type Payments = ReturnType<typeof createPayments>;

const CONFLICT_TRIES = 5;

export const createPayments = ({ store, gateway, clock, logger, transaction }: PaymentsDeps) => {
  /** The attempt, the webhook and a second instance may meet at one payment; whoever comes second decides anew. */
  const changeAgain = async (work: () => Promise<Change>): Promise<Change> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        const conflict = (error as { code?: unknown }).code === 'CONCURRENCY_CONFLICT';
        if (!conflict || tries === CONFLICT_TRIES) throw error;
      }
    }
  };
  const change = async (paymentId: string, decide: (payment: Payment) => PaymentEvent[]) => {
    const changed = await changeAgain(() => store.change(paymentId, decide));
    report(changed, logger);
    return changed;
  };
  const ask = async (work: () => Promise<Outcome>): Promise<Outcome> => {
    try {
      return await work();
    } catch (error) {
      // The adapter promised not to throw. If it did after all, the request may be out already.
      logger.error({ err: error }, 'the payment gateway adapter failed unexpectedly');
      return { kind: 'unknown', error: 'adapter failure' };
    }
  };

  return {
    /** Takes in an order's wish to be paid: only written down here; the gateway is called later, outside of any transaction. */
    async request({ orderId, ...request }: PaymentRequest, inTransaction: Transaction): Promise<void> {
      const paymentId = paymentIdOf(orderId);
      const at = clock.now();
      const { after, events } = await store.change(
        paymentId,
        (payment) => start({ paymentId, orderId, ...request, gateway: gateway.name, at }, payment),
        inTransaction,
      );
      // Asked again although it ended: the answer got lost on the way.
      if (events.length === 0 && isAnswered(after)) await store.answerAgain(after, inTransaction);
    },

    /** Does the one next thing a payment needs: charge, ask, or give back. No transaction is open while the gateway is called. */
    async advance(paymentId: string): Promise<void> {
      const payment = await store.load(paymentId);
      if (payment.status === 'none') return;
      const { step } = nextStep(payment, clock.now());
      if (step === 'charge') {
        const begun = await change(paymentId, (current) => beginAttempt(current, clock.now()));
        if (begun.events.length === 0) return;
        const outcome = await ask(() => gateway.charge(payment));
        await change(paymentId, (current) => settle(outcome, current, 'attempt', clock.now()));
      } else if (step === 'enquire') {
        const outcome = enquiryOutcome(
          await ask(() => gateway.enquire({ paymentId, since: payment.startedAt })),
        );
        await change(paymentId, (current) => settle(outcome, current, 'enquiry', clock.now()));
      } else if (step === 'refund' && payment.status === 'refunding') {
        const { transactionId } = payment;
        const outcome = await gateway.refund({ paymentId, transactionId });
        await change(paymentId, (current) => settleRefund(outcome, current, clock.now()));
      }
    },

    /** Handles what the gateway told us, once per notification. @returns false when it was handled before. */
    async notified({ gateway: from, eventId, about }: Notification): Promise<boolean> {
      let first = true;
      const changed = await changeAgain(() =>
        transaction(async (client) => {
          first = await store.recordNotification(from, eventId, client);
          const nothing: Change = { before: { status: 'none' }, after: { status: 'none' }, events: [] };
          if (!first || !about) return nothing;
          const at = clock.now();
          return store.change(
            about.paymentId,
            (payment) => settle(about.outcome, payment, 'webhook', at),
            client,
          );
        }),
      );
      report(changed, logger);
      return first;
    },
  };
};

/** R2's events, as structured log lines. */
const report = ({ after, events }: Change, logger: Logger): void => {
  if (after.status === 'none') return;
  const { paymentId, orderId, gateway, amount } = after;
  const base = { paymentId, orderId, gateway };
  for (const { type, data } of events) {
    switch (type) {
      case 'PaymentSucceeded': {
        const { transactionId, attempt, source } = data;
        logger.info({ event: 'payment_success', ...base, transactionId, amount, attempt, source }, 'paid');
        break;
      }
      case 'AttemptFailed': {
        const { error, attempt, willRetry } = data;
        logger.warn(
          { event: 'payment_retry', ...base, error, attempt, willRetry },
          'a payment attempt failed',
        );
        break;
      }
      case 'OutcomeUnknown':
        logger.warn(
          { ...base, error: data.error, attempt: data.attempt, enquiries: data.enquiries },
          'charged or not is unknown',
        );
        break;
      case 'PaymentDeclined':
        logger.info({ event: 'payment_declined', ...base, reason: data.reason }, 'declined');
        break;
      case 'PaymentFailed':
        logger.error(
          { event: 'payment_failed', ...base, err: new PaymentProcessingError(data.reason, data.attempts) },
          'payment failed',
        );
        break;
      case 'LateChargeFound':
        logger.error(
          { ...base, transactionId: data.transactionId },
          'charged after it was called failed: giving it back',
        );
        break;
      case 'RefundPostponed':
        logger.error(
          { ...base, error: data.error, tries: data.tries },
          'money is owed to a customer and cannot be given back yet',
        );
        break;
      case 'LateChargeRefunded':
        logger.info({ ...base, refundId: data.refundId }, 'given back');
        break;
    }
  }
};
