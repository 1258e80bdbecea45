import { type CloudEvent, createEvent } from '@platform/libs/messaging';
import {
  evolve,
  isKnown,
  type KnownPayment,
  type Payment,
  type PaymentEvent,
  refundable,
} from '../domain/payment';
import type { Message } from './published';

export const ORDER_TOPIC = 'order.order.v1';
export const PAYMENT_TOPIC = 'payment.payment.v1';
export const USER_TOPIC = 'user.user.v1';

type Paid = 'payment.authorised.v1' | 'payment.captured.v1' | 'payment.succeeded.v1';
const paid = (type: Paid, payment: KnownPayment, transactionId: string): Message => {
  const { orderId, paymentId, gateway, amount } = payment;
  return { type, data: { orderId, paymentId, gateway, transactionId, amount } };
};

const ids = ({ orderId, paymentId }: { orderId: string; paymentId: string }) => ({ orderId, paymentId });

const voided = (payment: { orderId: string; paymentId: string }): Message => ({
  type: 'payment.voided.v1',
  data: ids(payment),
});

const captureFailed = (payment: { orderId: string; paymentId: string }, reason: string): Message => ({
  type: 'payment.capture-failed.v1',
  data: { ...ids(payment), reason },
});

const ended = (payment: KnownPayment & { status: 'declined' | 'failed' }): Message[] => {
  const { status, gateway, reason } = payment;
  const end: Message =
    status === 'declined'
      ? { type: 'payment.declined.v1', data: { ...ids(payment), gateway, reason } }
      : { type: 'payment.failed.v1', data: { ...ids(payment), reason } };
  return [end, ...(payment.voidWanted ? [voided(payment)] : [])];
};

const publish = (payment: Payment, event: PaymentEvent): Message[] => {
  if (!isKnown(payment)) return payment.status === 'forestalled' ? [voided(payment)] : [];
  const atOnce = payment.capture === 'at_once';
  switch (event.type) {
    case 'PaymentAuthorised':
      return atOnce ? [] : [paid('payment.authorised.v1', payment, event.data.transactionId)];
    case 'PaymentCaptured':
    case 'PaymentSucceeded':
      return [
        paid(atOnce ? 'payment.succeeded.v1' : 'payment.captured.v1', payment, event.data.transactionId),
      ];
    case 'CaptureFailed': {
      const { reason } = event.data;
      return atOnce
        ? [{ type: 'payment.failed.v1', data: { ...ids(payment), reason } }]
        : [captureFailed(payment, reason)];
    }
    case 'PaymentVoided':
      return [voided(payment)];
    case 'PaymentDeclined':
    case 'PaymentFailed':
      return payment.status === 'declined' || payment.status === 'failed' ? ended(payment) : [];
    case 'VoidRequested':
      // Nothing was left to give back.
      return payment.status === 'captured' && givenBack(payment) ? [voided(payment)] : [];
    case 'PaymentRefunded': {
      const { refundId, amount } = event.data;
      return [
        { type: 'payment.refunded.v1', data: { ...ids(payment), refundId, amount } },
        ...(payment.voidWanted && givenBack(payment) ? [voided(payment)] : []),
      ];
    }
    case 'RefundFailed': {
      const { refundId, amount, reason } = event.data;
      return [{ type: 'payment.refund-failed.v1', data: { ...ids(payment), refundId, amount, reason } }];
    }
    default:
      return [];
  }
};

const givenBack = (payment: KnownPayment): boolean =>
  refundable(payment) === 0 && payment.refunds.every(({ status }) => status !== 'pending');

const envelope = (message: Message, orderId: string, at: string, id?: string): CloudEvent =>
  createEvent({ ...message, id, source: '/payment-service', subject: orderId, time: new Date(at) });

/**
 * What others hear of `events`, the first of which becomes version `firstVersion` of the payment's stream. A message's id follows from its
 * place in the stream: a fact has one id.
 */
export const toMessages = (
  before: Payment,
  events: readonly PaymentEvent[],
  firstVersion: number,
): CloudEvent[] => {
  let payment = before;
  return events.flatMap((event, index) => {
    payment = evolve(payment, event);
    if (payment.status === 'none') return [];
    const { paymentId, orderId } = payment;
    return publish(payment, event).map((message, part) => {
      const id = `${paymentId}-${firstVersion + index}${part === 0 ? '' : `.${part}`}`;
      return envelope(message, orderId, event.data.at, id);
    });
  });
};

/** What can be asked of a payment. */
export type Question = 'authorisation' | 'payment' | 'capture' | 'void' | { refundId: string };

const answerTo = (question: Question, payment: Exclude<Payment, { status: 'none' }>): Message[] => {
  if (typeof question === 'object') return refundAnswer(question.refundId, payment);
  if (question === 'void') {
    const isVoid =
      ['forestalled', 'voided', 'declined', 'failed'].includes(payment.status) ||
      (payment.status === 'captured' && givenBack(payment));
    return isVoid ? [voided(payment)] : [];
  }
  if (payment.status === 'forestalled') {
    return question === 'capture' ? [captureFailed(payment, 'voided')] : [voided(payment)];
  }
  if (question === 'capture') {
    if (payment.status === 'captured') return [paid('payment.captured.v1', payment, payment.transactionId)];
    if (payment.captureFailure !== undefined) return [captureFailed(payment, payment.captureFailure)];
    if (payment.status === 'declined' || payment.status === 'failed') {
      return [captureFailed(payment, payment.reason)];
    }
    return payment.voidWanted || payment.status === 'voided' ? [captureFailed(payment, 'voided')] : [];
  }
  switch (payment.status) {
    case 'declined':
    case 'failed':
      return ended(payment);
    case 'voided':
      return payment.captureFailure !== undefined && question === 'payment'
        ? [{ type: 'payment.failed.v1', data: { ...ids(payment), reason: payment.captureFailure } }]
        : [voided(payment)];
    case 'captured':
      return [
        paid(
          question === 'payment' ? 'payment.succeeded.v1' : 'payment.authorised.v1',
          payment,
          question === 'payment' ? payment.transactionId : (payment.transactions[0] ?? payment.transactionId),
        ),
      ];
    case 'authorised':
      return question === 'authorisation'
        ? [paid('payment.authorised.v1', payment, payment.transactionId)]
        : [];
    default:
      return [];
  }
};

const refundAnswer = (refundId: string, payment: Exclude<Payment, { status: 'none' }>): Message[] => {
  const refund = isKnown(payment) ? payment.refunds.find((one) => one.refundId === refundId) : undefined;
  if (!refund || refund.status === 'pending') return [];
  const data = { ...ids(payment), refundId, amount: refund.amount };
  return refund.status === 'done'
    ? [{ type: 'payment.refunded.v1', data }]
    : [{ type: 'payment.refund-failed.v1', data: { ...data, reason: refund.failure ?? '' } }];
};

/** The answer to a question that was asked before, as far as it is known. It has an id of its own: it is to be heard. */
export const answersAgain = (question: Question, payment: Payment, at: string): CloudEvent[] =>
  payment.status === 'none'
    ? []
    : answerTo(question, payment).map((message) => envelope(message, payment.orderId, at));

type Refusal = Extract<Message, { type: 'payment.capture-failed.v1' | 'payment.refund-failed.v1' }>;

/** What an order hears that asks something of a payment which cannot be. */
export const refusal = (message: Refusal, at: string): CloudEvent =>
  envelope(message, message.data.orderId, at);
