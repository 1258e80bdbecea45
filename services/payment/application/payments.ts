import type { Logger } from '@platform/libs/telemetry';
import {
  beginAttempt,
  enquiryOutcome,
  inOrder,
  type Outcome,
  refuse,
  type StartPayment,
  settle,
  start,
} from '../domain/charging';
import {
  type CaptureMode,
  isKnown,
  type KnownPayment,
  type Method,
  type Money,
  type Payment,
  type PaymentEvent,
} from '../domain/payment';
import {
  type NextStep,
  nextStep,
  type RefundRefusal,
  requestRefund as refundOf,
  requestCapture,
  requestVoid,
  type Settled,
  settleCapture,
  settleLateCharge,
  settleRefund,
  settleVoid,
} from '../domain/settling';
import type { Gateways } from './gateways';
import { paymentIdOf, refundIdOf } from './ids';
import { answersAgain, type Question, refusal } from './messages';
import type { Change, Clock, Notification, PaymentStore, Transaction } from './ports';
import { report } from './report';

export interface PaymentRequest {
  orderId: string;
  customerId: string;
  amount: Money;
  /** The preferred gateway's token first, then the fallback's. */
  methods: readonly Method[];
  capture: CaptureMode;
  /** Why nobody is to be asked at all. */
  refusal?: string;
}

export interface RefundRequest {
  paymentId: string;
  refundId: string;
  /** Missing: all that is left. */
  amount?: Money;
  reason?: string;
  requestedBy?: string;
}

export interface PaymentsDeps {
  store: PaymentStore;
  gateways: Gateways;
  clock: Clock;
  logger: Logger;
  /** Opens the transaction a notification of the gateway is handled in. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

export type Payments = ReturnType<typeof createPayments>;

const CONFLICT_TRIES = 5;
const NOTHING: Change = { before: { status: 'none' }, after: { status: 'none' }, events: [] };

export const createPayments = ({ store, gateways, clock, logger, transaction }: PaymentsDeps) => {
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
  const change = async (paymentId: string, decide: (payment: Payment, at: string) => PaymentEvent[]) => {
    const changed = await changeAgain(() =>
      store.change(paymentId, (payment) => decide(payment, clock.now())),
    );
    report(changed, logger);
    return changed;
  };
  /** The adapter promised not to throw. If it did after all, the request may be out already. */
  const ask = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      logger.error({ err: error }, 'the payment gateway adapter failed unexpectedly');
      return otherwise;
    }
  };
  const lost: Outcome = { kind: 'unknown', error: 'adapter failure' };
  const failed: Settled = { kind: 'failed', error: 'adapter failure' };
  const noGateway: Settled = { kind: 'failed', error: 'gateway not set up' };

  /** Answers an order's wish in its own transaction, and tells again what was decided on it before. */
  const answer = async (
    orderId: string,
    question: Exclude<Question, object>,
    decide: (payment: Payment, at: string) => PaymentEvent[],
    inTransaction: Transaction,
  ): Promise<void> => {
    const at = clock.now();
    const changed = await store.change(paymentIdOf(orderId), (payment) => decide(payment, at), inTransaction);
    report(changed, logger);
    // Asked again although it was decided: the answer got lost on the way.
    if (changed.events.length > 0) return;
    const ids = { orderId, paymentId: paymentIdOf(orderId) };
    const messages =
      changed.after.status === 'none'
        ? [refusal({ type: 'payment.capture-failed.v1', data: { ...ids, reason: 'no_payment' } }, at)]
        : answersAgain(question, changed.after, at);
    await store.tell(messages, inTransaction);
  };

  /** Writes down that money is to be given back. The same refundId is the same refund. */
  const requestRefund = async (
    { paymentId, ...request }: RefundRequest,
    inTransaction?: Transaction,
  ): Promise<{ payment: Payment; isNew: boolean; refused?: RefundRefusal | 'no_payment' }> => {
    let refused: RefundRefusal | 'no_payment' | undefined;
    const decide = (payment: Payment): PaymentEvent[] => {
      const decided = isKnown(payment) ? refundOf({ ...request, at: clock.now() }, payment) : 'no_payment';
      refused = typeof decided === 'string' ? decided : undefined;
      return typeof decided === 'string' ? [] : decided;
    };
    const changed = inTransaction
      ? await store.change(paymentId, decide, inTransaction)
      : await changeAgain(() => store.change(paymentId, decide));
    report(changed, logger);
    return { payment: changed.after, isNew: changed.events.length > 0, ...(refused && { refused }) };
  };

  const enquire = async (payment: KnownPayment & { status: 'asking' }): Promise<Outcome> => {
    const gateway = gateways.get(payment.gateway);
    if (!gateway) return { kind: 'unknown', error: 'gateway not set up' };
    const { startedAt: since, attemptedAt } = payment;
    return enquiryOutcome(await ask(() => gateway.find({ ...payment, since, attemptedAt }), lost));
  };

  const settleMoney = async (
    payment: KnownPayment,
    step: NextStep,
  ): Promise<((payment: Payment, at: string) => PaymentEvent[]) | undefined> => {
    const { paymentId, amount } = payment;
    const gateway = gateways.get(payment.gateway);
    if ((step.step === 'capture' || step.step === 'void') && payment.status === 'authorised') {
      const { transactionId } = payment;
      const settleIt = step.step === 'capture' ? settleCapture : settleVoid;
      const result = gateway
        ? await ask(() => gateway[step.step]({ paymentId, transactionId, amount }), failed)
        : noGateway;
      return (current, at) => settleIt(result, current, at);
    }
    if (step.step === 'refund' && payment.status === 'captured') {
      const { refundId, amount: back, tries } = step.refund;
      const { transactionId } = payment;
      const request = { paymentId, transactionId, refundId, amount: back, again: tries > 0 };
      const result = gateway ? await ask(() => gateway.refund(request), failed) : noGateway;
      return (current, at) => settleRefund(refundId, result, current, at);
    }
    if (step.step === 'void late charge' || step.step === 'refund late charge') {
      const { transactionId } = step;
      const late = payment.lateCharges.find((one) => one.transactionId === transactionId);
      const holder = late && gateways.get(late.gateway);
      const result = !holder
        ? noGateway
        : await ask(
            () =>
              late.captured
                ? holder.refund({
                    ...{ paymentId, transactionId: late.chargeId, amount, again: late.tries > 0 },
                    refundId: refundIdOf(paymentId, `late charge ${transactionId}`),
                  })
                : holder.void({ paymentId, transactionId }),
            failed,
          );
      return (current, at) => settleLateCharge(transactionId, result, current, at);
    }
    return undefined;
  };

  return {
    /** Takes in an order's wish to be paid: only written down here; the gateway is called later, outside of any transaction. */
    request({ orderId, methods, refusal, ...request }: PaymentRequest, inTransaction: Transaction) {
      const question = request.capture === 'at_once' ? 'payment' : 'authorisation';
      const decide = (payment: Payment, at: string) => {
        const command: StartPayment = {
          ...{ paymentId: paymentIdOf(orderId), orderId, ...request, at },
          methods: inOrder(methods, gateways.isOut),
        };
        return refusal === undefined ? start(command, payment) : refuse(command, refusal, payment);
      };
      return answer(orderId, question, decide, inTransaction);
    },

    async requestCapture(orderId: string, inTransaction: Transaction): Promise<void> {
      await answer(orderId, 'capture', requestCapture, inTransaction);
    },

    async requestVoid(orderId: string, inTransaction: Transaction): Promise<void> {
      const ids = { paymentId: paymentIdOf(orderId), orderId };
      await answer(orderId, 'void', (payment, at) => requestVoid(ids, payment, at), inTransaction);
    },

    requestRefund,

    /** The same, asked for by an order, which hears of it. */
    async requestOrdersRefund(
      orderId: string,
      request: Omit<RefundRequest, 'paymentId'>,
      inTransaction: Transaction,
    ) {
      const { refundId } = request;
      const ids = { orderId, paymentId: paymentIdOf(orderId), refundId };
      const { refused, payment, isNew } = await requestRefund(
        { ...request, paymentId: ids.paymentId },
        inTransaction,
      );
      if (isNew) return;
      const at = clock.now();
      const messages = refused
        ? [refusal({ type: 'payment.refund-failed.v1', data: { ...ids, reason: refused } }, at)]
        : answersAgain({ refundId }, payment, at);
      await store.tell(messages, inTransaction);
    },

    /** Does the one next thing a payment needs: charge, ask, settle, or give back. No transaction is open while the gateway is called. */
    async advance(paymentId: string): Promise<void> {
      const payment = await store.load(paymentId);
      if (!isKnown(payment)) return;
      const { gateway } = payment;
      const step = nextStep(payment, clock.now());
      if (step.step === 'charge') {
        const begun = await change(paymentId, beginAttempt);
        if (begun.events.length === 0) return;
        const outcome = await ask(() => gateways.authorise(gateway, payment), lost);
        await change(paymentId, (current, at) =>
          settle({ gateway, outcome, source: 'attempt' }, current, at),
        );
      } else if (step.step === 'enquire' && payment.status === 'asking') {
        const outcome = await enquire(payment);
        await change(paymentId, (current, at) =>
          settle({ gateway, outcome, source: 'enquiry' }, current, at),
        );
      } else {
        const decide = await settleMoney(payment, step);
        if (decide) await change(paymentId, decide);
      }
    },

    /** Handles what the gateway told us, once per notification. @returns false when it was handled before. */
    async notified({ gateway, eventId, about }: Notification): Promise<boolean> {
      let first = true;
      const changed = await changeAgain(() =>
        transaction(async (client) => {
          first = await store.recordNotification(gateway, eventId, client);
          if (!first || !about) return NOTHING;
          const { paymentId, outcome } = about;
          const at = clock.now();
          return store.change(
            paymentId,
            (payment) => settle({ gateway, outcome, source: 'webhook' }, payment, at),
            client,
          );
        }),
      );
      report(changed, logger);
      return first;
    },
  };
};
