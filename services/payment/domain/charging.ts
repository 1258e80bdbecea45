// From the wish to the authorisation: attempts, pauses, the fallback, and what is asked before anything is tried again.
import {
  type CaptureMode,
  isKnown,
  type KnownPayment,
  type Method,
  type Money,
  type Payment,
  type PaymentEvent,
  type Source,
} from './payment';

/** What a gateway said, or failed to say, about the money of a payment. */
export type Outcome =
  | { kind: 'authorised'; transactionId: string }
  /** `authorisationId` where the gateway calls the authorisation and its capture by different names. */
  | { kind: 'captured'; transactionId: string; authorisationId?: string }
  /** The authorisation is no more. */
  | { kind: 'voided'; transactionId: string }
  /** Final: no retry, no other gateway. */
  | { kind: 'declined'; reason: string }
  /** Nothing was taken, and the next attempt may go better. */
  | { kind: 'retriable'; error: string }
  /** The request may have had its effect although we saw no answer. */
  | { kind: 'unknown'; error: string }
  /** Nothing was taken, and no attempt will go better until somebody repairs our set-up. */
  | { kind: 'misconfigured'; error: string }
  /** Asked: it knows nothing of ours. */
  | { kind: 'not_charged' };

/** At each gateway. */
export const MAX_ATTEMPTS = 3;
const MAX_ENQUIRY_SECONDS = 300;
export const later = (at: string, seconds: number) => new Date(Date.parse(at) + seconds * 1000).toISOString();

export interface StartPayment {
  paymentId: string;
  orderId: string;
  customerId: string;
  amount: Money;
  capture: CaptureMode;
  /** One or two, in the order in which they are tried. */
  methods: readonly Method[];
  at: string;
}

/** The preferred gateway first, unless it is left out just now and the other one is not. */
export const inOrder = (methods: readonly Method[], isOut: (gateway: string) => boolean): Method[] => {
  const [first, second] = methods;
  return first && second && isOut(first.gateway) && !isOut(second.gateway) ? [second, first] : [...methods];
};

/** A payment is started once per order, however often it is asked for. */
export const start = ({ methods, capture, ...command }: StartPayment, payment: Payment): PaymentEvent[] => {
  const [method, fallback] = methods;
  if (payment.status !== 'none' || !method) return [];
  return [
    {
      type: 'PaymentStarted',
      data: {
        ...command,
        ...method,
        ...(fallback && { fallbackGateway: fallback.gateway, fallbackMethod: fallback.paymentMethod }),
        capture,
      },
    },
  ];
};

/** Started and ended in one: nobody is asked. */
export const refuse = (command: StartPayment, reason: string, payment: Payment): PaymentEvent[] => {
  const events = start(command, payment);
  if (events.length === 0) return [];
  return [
    ...events,
    { type: 'PaymentDeclined', data: { reason, source: 'attempt', attempt: 0, at: command.at } },
  ];
};

export const beginAttempt = (payment: Payment, at: string): PaymentEvent[] =>
  payment.status === 'ready' ? [{ type: 'AttemptStarted', data: { attempt: payment.attempt + 1, at } }] : [];

type Charging = Extract<Payment, { status: 'ready' | 'asking' }>;

/** Another attempt, or the fallback, or the end; but nothing that was called off meanwhile. */
const notCharged = (payment: Charging, error: string, at: string, final = false): PaymentEvent[] => {
  const { attempt, fallback, voidWanted } = payment;
  const willRetry = !final && !voidWanted && attempt < MAX_ATTEMPTS;
  const failed: PaymentEvent = {
    type: 'AttemptFailed',
    data: { attempt, error, willRetry, ...(willRetry && { retryAt: later(at, 2 ** attempt) }), at },
  };
  if (willRetry) return [failed];
  if (voidWanted) return [failed, { type: 'PaymentVoided', data: { at } }];
  if (fallback) {
    return [failed, { type: 'GatewayChanged', data: { gateway: fallback.gateway, reason: error, at } }];
  }
  const reason = final ? 'gateway_misconfigured' : error;
  const attempts = payment.earlierAttempts + attempt;
  return [failed, { type: 'PaymentFailed', data: { reason, attempts, at } }];
};

const settleAttempt = (payment: Charging, outcome: Outcome, source: Source, at: string): PaymentEvent[] => {
  const { attempt } = payment;
  switch (outcome.kind) {
    case 'authorised': {
      const { transactionId } = outcome;
      return [{ type: 'PaymentAuthorised', data: { transactionId, source, attempt, at } }];
    }
    case 'captured': {
      const { transactionId, authorisationId = transactionId } = outcome;
      return [
        { type: 'PaymentAuthorised', data: { transactionId: authorisationId, source, attempt, at } },
        ...captured(payment, transactionId, source, at),
      ];
    }
    case 'declined':
      return [{ type: 'PaymentDeclined', data: { reason: outcome.reason, source, attempt, at } }];
    case 'voided':
      return [{ type: 'PaymentDeclined', data: { reason: 'canceled', source, attempt, at } }];
  }
  if (payment.status === 'ready') return [];
  switch (outcome.kind) {
    case 'retriable':
      return notCharged(payment, outcome.error, at);
    case 'not_charged':
      return notCharged(payment, 'no charge found at the gateway', at);
    case 'misconfigured':
      return notCharged(payment, outcome.error, at, true);
    case 'unknown': {
      const enquiries = payment.enquiries + 1;
      const askAt = later(at, Math.min(2 ** (enquiries - 1), MAX_ENQUIRY_SECONDS));
      return [{ type: 'OutcomeUnknown', data: { attempt, error: outcome.error, askAt, enquiries, at } }];
    }
  }
};

/** Taken. If it was to be called off, it all goes back. */
export const captured = (
  payment: KnownPayment,
  transactionId: string,
  source: Source,
  at: string,
): PaymentEvent[] => [
  { type: 'PaymentCaptured', data: { transactionId, source, at } },
  ...(payment.voidWanted ? [refundOfAll(payment, payment.amount.amount, at)] : []),
];

/** The refund that stands for calling off what was taken already has the payment's own id. */
export const refundOfAll = ({ paymentId, amount }: KnownPayment, rest: number, at: string): PaymentEvent => ({
  type: 'RefundRequested',
  data: {
    refundId: paymentId,
    amount: { ...amount, amount: rest },
    reason: 'called off',
    at,
  },
});

export interface Told {
  gateway: string;
  outcome: Outcome;
  source: Source;
}

/**
 * Takes in what a gateway answered or told of its own accord. What nobody waits for changes nothing, except that money which is none of
 * this payment's has to go back.
 */
export const settle = ({ gateway, outcome, source }: Told, payment: Payment, at: string): PaymentEvent[] => {
  if (!isKnown(payment)) return [];
  const ours = gateway === payment.gateway;
  if (ours && (payment.status === 'ready' || payment.status === 'asking')) {
    return settleAttempt(payment, outcome, source, at);
  }
  if (ours && payment.status === 'authorised') {
    const { transactionId } = payment;
    if (outcome.kind === 'voided' && outcome.transactionId === transactionId) {
      return [{ type: 'PaymentVoided', data: { at } }];
    }
    if (outcome.kind === 'captured' && (outcome.authorisationId ?? outcome.transactionId) === transactionId) {
      return captured(payment, outcome.transactionId, source, at);
    }
  }
  if (outcome.kind !== 'authorised' && outcome.kind !== 'captured') return [];
  const ids = [outcome.transactionId, ...('authorisationId' in outcome ? [outcome.authorisationId] : [])];
  if (ids.some((id) => id !== undefined && payment.transactions.includes(id))) return [];
  const isCaptured = outcome.kind === 'captured';
  return [
    {
      type: 'LateChargeFound',
      data: { gateway, transactionId: outcome.transactionId, captured: isCaptured, at },
    },
  ];
};

/** What an enquiry that itself got no usable answer means: still unknown, never 'not charged'. */
export const enquiryOutcome = (outcome: Outcome): Outcome =>
  outcome.kind === 'retriable' || outcome.kind === 'misconfigured'
    ? { kind: 'unknown', error: outcome.error }
    : outcome;
