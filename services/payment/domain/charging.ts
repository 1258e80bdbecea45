import type { Payment, PaymentEvent, Source } from './payment';

/** What a gateway said, or failed to say, about a charge. */
export type Outcome =
  | { kind: 'succeeded'; transactionId: string }
  /** Final: no retry, no other gateway. */
  | { kind: 'declined'; reason: string }
  /** Not charged, and the next attempt may go better. */
  | { kind: 'retriable'; error: string }
  /** The request may have had its effect although we saw no answer. */
  | { kind: 'unknown'; error: string }
  /** Not charged, and no attempt will go better until somebody repairs our set-up. */
  | { kind: 'misconfigured'; error: string }
  /** Asked: it knows no charge of ours. */
  | { kind: 'not_charged' };

export const MAX_ATTEMPTS = 3;
const MAX_ENQUIRY_SECONDS = 300;
const seconds = (at: string, add: number) => new Date(Date.parse(at) + add * 1000).toISOString();

export type NextStep =
  | { step: 'charge'; attempt: number }
  | { step: 'enquire' }
  | { step: 'refund' }
  | { step: 'wait'; until: string }
  | { step: 'none' };

/** What to do with a payment now. After a crash in mid-call this is 'enquire': the intent stands in the events, its outcome does not. */
export const nextStep = (payment: Payment, now: string): NextStep => {
  if (!('dueAt' in payment)) return { step: 'none' };
  if (Date.parse(now) < Date.parse(payment.dueAt)) return { step: 'wait', until: payment.dueAt };
  switch (payment.status) {
    case 'ready':
      return { step: 'charge', attempt: payment.attempt + 1 };
    case 'asking':
      return { step: 'enquire' };
    case 'refunding':
      return { step: 'refund' };
  }
};

export interface StartPayment {
  paymentId: string;
  orderId: string;
  customerId: string;
  amount: { amount: number; currency: string };
  paymentMethod: string;
  gateway: string;
  at: string;
}

/** A payment is started once per order, however often it is asked for. */
export const start = (command: StartPayment, payment: Payment): PaymentEvent[] =>
  payment.status === 'none' ? [{ type: 'PaymentStarted', data: command }] : [];

export const beginAttempt = (payment: Payment, at: string): PaymentEvent[] =>
  payment.status === 'ready' ? [{ type: 'AttemptStarted', data: { attempt: payment.attempt + 1, at } }] : [];

type Charging = Extract<Payment, { status: 'ready' | 'asking' }>;

const notCharged = (payment: Charging, error: string, at: string): PaymentEvent[] => {
  const { attempt } = payment;
  const willRetry = attempt < MAX_ATTEMPTS;
  const failed: PaymentEvent = {
    type: 'AttemptFailed',
    data: { attempt, error, willRetry, ...(willRetry && { retryAt: seconds(at, 2 ** attempt) }), at },
  };
  return willRetry
    ? [failed]
    : [failed, { type: 'PaymentFailed', data: { reason: error, attempts: attempt, at } }];
};

/** Takes in what the gateway answered to a charge or to an enquiry. An answer nobody waits for changes nothing. */
export const settle = (outcome: Outcome, payment: Payment, source: Source, at: string): PaymentEvent[] => {
  if (payment.status === 'failed' || payment.status === 'declined') {
    return outcome.kind === 'succeeded'
      ? [{ type: 'LateChargeFound', data: { transactionId: outcome.transactionId, at } }]
      : [];
  }
  if (payment.status !== 'asking' && payment.status !== 'ready') return [];
  const { attempt } = payment;
  switch (outcome.kind) {
    case 'succeeded':
      return [
        { type: 'PaymentSucceeded', data: { transactionId: outcome.transactionId, source, attempt, at } },
      ];
    case 'declined':
      return [{ type: 'PaymentDeclined', data: { reason: outcome.reason, source, attempt, at } }];
    case 'retriable':
      return payment.status === 'asking' ? notCharged(payment, outcome.error, at) : [];
    case 'not_charged':
      return payment.status === 'asking' ? notCharged(payment, 'no charge found at the gateway', at) : [];
    case 'misconfigured':
      return payment.status === 'asking'
        ? [
            { type: 'AttemptFailed', data: { attempt, error: outcome.error, willRetry: false, at } },
            { type: 'PaymentFailed', data: { reason: 'gateway_misconfigured', attempts: attempt, at } },
          ]
        : [];
    case 'unknown': {
      if (payment.status !== 'asking') return [];
      const enquiries = payment.enquiries + 1;
      const askAt = seconds(at, Math.min(2 ** (enquiries - 1), MAX_ENQUIRY_SECONDS));
      return [{ type: 'OutcomeUnknown', data: { attempt, error: outcome.error, askAt, enquiries, at } }];
    }
  }
};

/** What an enquiry that itself got no usable answer means: still unknown, never 'not charged'. */
export const enquiryOutcome = (outcome: Outcome): Outcome =>
  outcome.kind === 'retriable' || outcome.kind === 'misconfigured'
    ? { kind: 'unknown', error: outcome.error }
    : outcome;

export type RefundOutcome = { kind: 'refunded'; refundId: string } | { kind: 'failed'; error: string };

export const settleRefund = (outcome: RefundOutcome, payment: Payment, at: string): PaymentEvent[] => {
  if (payment.status !== 'refunding') return [];
  const { transactionId } = payment;
  if (outcome.kind === 'refunded') {
    return [{ type: 'LateChargeRefunded', data: { transactionId, refundId: outcome.refundId, at } }];
  }
  const tries = payment.tries + 1;
  const retryAt = seconds(at, Math.min(2 ** tries, 3600));
  return [{ type: 'RefundPostponed', data: { error: outcome.error, retryAt, tries, at } }];
};
