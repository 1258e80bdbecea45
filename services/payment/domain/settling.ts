// What is done with money that a gateway holds for us: captured, voided, refunded. All of it is owed to somebody, so it is tried until it
// is done or the gateway refuses it for good.
import { captured, later, refundOfAll } from './charging';
import {
  isKnown,
  type Money,
  type Payment,
  type PaymentEvent,
  type Refund,
  refundable,
  type Settlement,
} from './payment';

const MAX_PAUSE_SECONDS = 300;
const MAX_REFUND_PAUSE_SECONDS = 3600;

export type NextStep =
  | { step: 'charge' }
  | { step: 'enquire' }
  | { step: Settlement }
  | { step: 'refund'; refund: Refund }
  | { step: 'void late charge' | 'refund late charge'; transactionId: string }
  | { step: 'wait'; until: string }
  | { step: 'none' };

type Due = { step: NextStep; dueAt: string };

const due = (payment: Payment): Due[] => {
  if (!isKnown(payment)) return [];
  const own: Due[] = [];
  if (payment.status === 'ready') own.push({ step: { step: 'charge' }, dueAt: payment.dueAt });
  if (payment.status === 'asking') own.push({ step: { step: 'enquire' }, dueAt: payment.dueAt });
  if (payment.status === 'authorised' && payment.dueAt) {
    own.push({ step: { step: payment.voidWanted ? 'void' : 'capture' }, dueAt: payment.dueAt });
  }
  return [
    ...own,
    ...payment.refunds
      .filter(({ status }) => status === 'pending')
      .map((refund): Due => ({ step: { step: 'refund', refund }, dueAt: refund.dueAt })),
    ...payment.lateCharges
      .filter(({ status }) => status === 'pending')
      .map(({ transactionId, captured, dueAt }): Due => {
        const step = captured ? 'refund late charge' : 'void late charge';
        return { step: { step, transactionId }, dueAt };
      }),
  ];
};

const earliest = (payment: Payment): Due | undefined =>
  due(payment).reduce<Due | undefined>(
    (first, one) => (first && Date.parse(first.dueAt) <= Date.parse(one.dueAt) ? first : one),
    undefined,
  );

/** When there is something to do with a payment; undefined when there is nothing. */
export const dueAtOf = (payment: Payment): string | undefined => earliest(payment)?.dueAt;

/** What to do with a payment now. After a crash in mid-charge this is 'enquire': the intent stands in the events, its outcome does not. */
export const nextStep = (payment: Payment, now: string): NextStep => {
  const next = earliest(payment);
  if (!next) return { step: 'none' };
  return Date.parse(now) < Date.parse(next.dueAt) ? { step: 'wait', until: next.dueAt } : next.step;
};

/** What became of a capture, a void or a refund. */
export type Settled =
  /** `id`: the gateway's name for it: of the captured money, or of the refund. */
  | { kind: 'done'; id: string }
  /** Asked to void what is captured already: nothing was done. */
  | { kind: 'captured'; id: string }
  /** For good. */
  | { kind: 'refused'; reason: string }
  /** Done or not: it is safe to try again, and it has to be. */
  | { kind: 'failed'; error: string };

export const requestCapture = (payment: Payment, at: string): PaymentEvent[] => {
  if (payment.status !== 'ready' && payment.status !== 'asking' && payment.status !== 'authorised') return [];
  const { captureWanted, captureFailure, voidWanted } = payment;
  if (captureWanted || captureFailure !== undefined || voidWanted) return [];
  return [{ type: 'CaptureRequested', data: { at } }];
};

/** Calls a payment off, whatever has become of it: also one that is yet to be asked for, and one that is captured. */
export const requestVoid = (
  ids: { paymentId: string; orderId: string },
  payment: Payment,
  at: string,
): PaymentEvent[] => {
  if (payment.status === 'none') return [{ type: 'VoidRequested', data: { ...ids, at } }];
  if (!isKnown(payment) || payment.voidWanted) return [];
  const requested: PaymentEvent = { type: 'VoidRequested', data: { at } };
  switch (payment.status) {
    case 'ready':
      return [requested, { type: 'PaymentVoided', data: { at } }];
    case 'asking':
    case 'authorised':
      return [requested];
    case 'captured': {
      const rest = refundable(payment);
      return rest > 0 ? [requested, refundOfAll(payment, rest, at)] : [requested];
    }
    default:
      return [];
  }
};

export const settleCapture = (result: Settled, payment: Payment, at: string): PaymentEvent[] => {
  if (payment.status !== 'authorised') return [];
  switch (result.kind) {
    case 'done':
    case 'captured':
      return captured(payment, result.id, 'attempt', at);
    case 'refused': {
      const failed: PaymentEvent = { type: 'CaptureFailed', data: { reason: result.reason, at } };
      // Nobody waits for the authorisation alone.
      return payment.capture === 'at_once' && !payment.voidWanted
        ? [failed, { type: 'VoidRequested', data: { at } }]
        : [failed];
    }
    case 'failed':
      return [postponed('capture', result.error, payment.tries + 1, at)];
  }
};

export const settleVoid = (result: Settled, payment: Payment, at: string): PaymentEvent[] => {
  if (payment.status !== 'authorised') return [];
  switch (result.kind) {
    case 'done':
      return [{ type: 'PaymentVoided', data: { at } }];
    case 'captured':
      return captured(payment, result.id, 'enquiry', at);
    case 'refused':
      return [postponed('void', result.reason, payment.tries + 1, at)];
    case 'failed':
      return [postponed('void', result.error, payment.tries + 1, at)];
  }
};

const postponed = (settlement: Settlement, error: string, tries: number, at: string): PaymentEvent => {
  const retryAt = later(at, Math.min(2 ** tries, MAX_PAUSE_SECONDS));
  return { type: 'SettlementPostponed', data: { settlement, error, retryAt, tries, at } };
};

export interface RequestRefund {
  /** A UUID; the same request has the same. */
  refundId: string;
  /** Missing: all that is left. */
  amount?: Money;
  reason?: string;
  requestedBy?: string;
  at: string;
}

export type RefundRefusal = 'not_captured' | 'too_much' | 'wrong_currency' | 'other_amount';

/** A refund of what was captured, in part or all. Asked for again it is the same refund. */
export const requestRefund = (
  { refundId, amount: wanted, reason, requestedBy, at }: RequestRefund,
  payment: Payment,
): PaymentEvent[] | RefundRefusal => {
  if (payment.status !== 'captured') return 'not_captured';
  const { currency } = payment.amount;
  const before = payment.refunds.find((one) => one.refundId === refundId);
  if (before) return wanted && wanted.amount !== before.amount.amount ? 'other_amount' : [];
  if (wanted && wanted.currency !== currency) return 'wrong_currency';
  const rest = refundable(payment);
  const amount = wanted?.amount ?? rest;
  if (amount > rest || amount <= 0) return 'too_much';
  return [
    {
      type: 'RefundRequested',
      data: {
        ...{ refundId, amount: { amount, currency } },
        ...(reason !== undefined && { reason }),
        ...(requestedBy !== undefined && { requestedBy }),
        at,
      },
    },
  ];
};

export const settleRefund = (
  refundId: string,
  result: Settled,
  payment: Payment,
  at: string,
): PaymentEvent[] => {
  if (!isKnown(payment)) return [];
  const refund = payment.refunds.find((one) => one.refundId === refundId);
  if (refund?.status !== 'pending') return [];
  const { amount } = refund;
  switch (result.kind) {
    case 'done':
    case 'captured':
      return [{ type: 'PaymentRefunded', data: { refundId, amount, gatewayRefundId: result.id, at } }];
    case 'refused':
      return [{ type: 'RefundFailed', data: { refundId, amount, reason: result.reason, at } }];
    case 'failed':
      return [refundPostponed({ refundId }, result.error, refund.tries + 1, at)];
  }
};

const refundPostponed = (
  what: { refundId: string } | { transactionId: string },
  error: string,
  tries: number,
  at: string,
): PaymentEvent => {
  const retryAt = later(at, Math.min(2 ** tries, MAX_REFUND_PAUSE_SECONDS));
  return { type: 'RefundPostponed', data: { ...what, error, retryAt, tries, at } };
};

/** What became of giving back a late charge: voided, or refunded, or found to be captured and so to be refunded next. */
export const settleLateCharge = (
  transactionId: string,
  result: Settled,
  payment: Payment,
  at: string,
): PaymentEvent[] => {
  if (!isKnown(payment)) return [];
  const late = payment.lateCharges.find((one) => one.transactionId === transactionId);
  if (late?.status !== 'pending') return [];
  const { gateway, captured: isCaptured, tries } = late;
  switch (result.kind) {
    case 'captured':
      return [
        {
          type: 'LateChargeFound',
          data: { gateway, transactionId, captured: true, chargeId: result.id, at },
        },
      ];
    case 'failed':
      return [refundPostponed({ transactionId }, result.error, tries + 1, at)];
    case 'refused':
      // Somebody else gave it back: as good as done.
      if (result.reason === 'already_refunded') break;
      return [refundPostponed({ transactionId }, result.reason, tries + 1, at)];
  }
  const refundId = result.kind === 'done' ? result.id : result.reason;
  return isCaptured
    ? [{ type: 'LateChargeRefunded', data: { transactionId, refundId, at } }]
    : [{ type: 'LateChargeVoided', data: { transactionId, at } }];
};
