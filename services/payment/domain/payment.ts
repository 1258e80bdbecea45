/** An amount in minor units (cents for EUR) of one ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}

/** How the truth about a charge came to us. */
export type Source = 'attempt' | 'enquiry' | 'webhook';

/** Times are ISO 8601 in UTC; they come from outside, as ids do. */
export type PaymentEvent =
  | {
      type: 'PaymentStarted';
      data: {
        paymentId: string;
        orderId: string;
        customerId: string;
        amount: Money;
        paymentMethod: string;
        gateway: string;
        at: string;
      };
    }
  /** Written before the gateway is called: from here on a charge may exist. */
  | { type: 'AttemptStarted'; data: { attempt: number; at: string } }
  /** Known: not charged. */
  | {
      type: 'AttemptFailed';
      data: { attempt: number; error: string; willRetry: boolean; retryAt?: string; at: string };
    }
  /** Charged or not, nobody knows; the gateway is to be asked before anything else. */
  | {
      type: 'OutcomeUnknown';
      data: { attempt: number; error: string; askAt: string; enquiries: number; at: string };
    }
  | { type: 'PaymentSucceeded'; data: { transactionId: string; source: Source; attempt: number; at: string } }
  | { type: 'PaymentDeclined'; data: { reason: string; source: Source; attempt: number; at: string } }
  | { type: 'PaymentFailed'; data: { reason: string; attempts: number; at: string } }
  /** The gateway took the money after we had said it did not. It goes back. */
  | { type: 'LateChargeFound'; data: { transactionId: string; at: string } }
  | { type: 'RefundPostponed'; data: { error: string; retryAt: string; tries: number; at: string } }
  | { type: 'LateChargeRefunded'; data: { transactionId: string; refundId: string; at: string } };

interface Known {
  paymentId: string;
  orderId: string;
  customerId: string;
  amount: Money;
  paymentMethod: string;
  gateway: string;
  startedAt: string;
  /** Attempts begun so far. */
  attempt: number;
}

export type Payment =
  | { status: 'none' }
  /** To be tried at `dueAt`. */
  | (Known & { status: 'ready'; dueAt: string })
  /** The gateway was (or may have been) called and the outcome is not recorded. Ask it at `dueAt`. */
  | (Known & { status: 'asking'; dueAt: string; enquiries: number })
  | (Known & { status: 'succeeded'; transactionId: string })
  | (Known & { status: 'declined'; reason: string })
  | (Known & { status: 'failed'; reason: string })
  | (Known & { status: 'refunding'; transactionId: string; reason: string; dueAt: string; tries: number })
  | (Known & { status: 'refunded'; transactionId: string; reason: string });

export const initialPayment: Payment = { status: 'none' };

const known = (payment: Known): Known => ({
  paymentId: payment.paymentId,
  orderId: payment.orderId,
  customerId: payment.customerId,
  amount: payment.amount,
  paymentMethod: payment.paymentMethod,
  gateway: payment.gateway,
  startedAt: payment.startedAt,
  attempt: payment.attempt,
});

export const evolve = (payment: Payment, event: PaymentEvent): Payment => {
  if (event.type === 'PaymentStarted') {
    return {
      ...known({ ...event.data, startedAt: event.data.at, attempt: 0 }),
      status: 'ready',
      dueAt: event.data.at,
    };
  }
  if (payment.status === 'none') throw new Error(`A payment cannot begin with ${event.type}.`);
  const base = known(payment);
  const { data } = event;
  const was = 'reason' in payment ? payment.reason : '';
  switch (event.type) {
    case 'AttemptStarted':
      return { ...base, attempt: event.data.attempt, status: 'asking', dueAt: data.at, enquiries: 0 };
    case 'AttemptFailed':
      return { ...base, status: 'ready', dueAt: event.data.retryAt ?? data.at };
    case 'OutcomeUnknown':
      return { ...base, status: 'asking', dueAt: event.data.askAt, enquiries: event.data.enquiries };
    case 'PaymentSucceeded':
      return { ...base, status: 'succeeded', transactionId: event.data.transactionId };
    case 'PaymentDeclined':
      return { ...base, status: 'declined', reason: event.data.reason };
    case 'PaymentFailed':
      return { ...base, status: 'failed', reason: event.data.reason };
    case 'LateChargeFound': {
      const { transactionId } = event.data;
      return { ...base, status: 'refunding', transactionId, reason: was, dueAt: data.at, tries: 0 };
    }
    case 'RefundPostponed':
      if (payment.status !== 'refunding') return payment;
      return { ...payment, dueAt: event.data.retryAt, tries: event.data.tries };
    case 'LateChargeRefunded':
      return { ...base, status: 'refunded', transactionId: event.data.transactionId, reason: was };
  }
};

export const foldPayment = (events: readonly PaymentEvent[], from: Payment = initialPayment): Payment =>
  events.reduce(evolve, from);

/** True while there is nothing left to do and the answer to the order stands. */
export const isAnswered = (payment: Payment): boolean =>
  !['none', 'ready', 'asking'].includes(payment.status);
