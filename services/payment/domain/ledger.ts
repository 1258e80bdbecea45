// Double entry: every event of a payment that moves money, or a claim to money, as postings that add up to nothing.
import { evolve, isKnown, type Money, type Payment, type PaymentEvent } from './payment';

/**
 * `customer_receivable`: what the customer owes us (negative: what we owe them). `gateway_clearing`: what a gateway holds for us.
 * `revenue`: what was sold (credit). `refunds`: what of it was taken back.
 */
export type Account = 'customer_receivable' | 'gateway_clearing' | 'revenue' | 'refunds';

export interface Posting {
  account: Account;
  /** Whose clearing account. */
  gateway: string;
  /** Minor units; debits are positive, credits negative. */
  amount: number;
  currency: string;
  /** The gateway's id of what was taken or given back, where the posting is about that. */
  reference?: string;
  /** ISO 8601. */
  at: string;
}

/** Moves an amount from one account to another: credit the first, debit the second. */
const move = (
  { amount, currency }: Money,
  from: Account,
  to: Account,
  more: Pick<Posting, 'gateway' | 'at' | 'reference'>,
): Posting[] => [
  { account: to, amount, currency, ...more },
  { account: from, amount: -amount, currency, ...more },
];

/** The postings of one event, given the payment before it. */
export const postingsOf = (payment: Payment, event: PaymentEvent): Posting[] => {
  if (!isKnown(payment)) return [];
  const { gateway } = payment;
  const { at } = event.data;
  const held = { gateway, at };
  switch (event.type) {
    case 'PaymentCaptured':
    case 'PaymentSucceeded': {
      const reference = event.data.transactionId;
      return [
        ...move(payment.amount, 'revenue', 'customer_receivable', held),
        ...move(payment.amount, 'customer_receivable', 'gateway_clearing', { ...held, reference }),
      ];
    }
    case 'RefundRequested':
      return move(event.data.amount, 'customer_receivable', 'refunds', held);
    case 'RefundFailed':
      return move(event.data.amount, 'refunds', 'customer_receivable', held);
    case 'PaymentRefunded': {
      const { amount, gatewayRefundId: reference } = event.data;
      return move(amount, 'gateway_clearing', 'customer_receivable', { ...held, reference });
    }
    case 'LateChargeFound': {
      const { captured = true, transactionId, chargeId: reference = transactionId } = event.data;
      const at1 = { gateway: event.data.gateway ?? gateway, at, reference };
      return captured ? move(payment.amount, 'customer_receivable', 'gateway_clearing', at1) : [];
    }
    case 'LateChargeRefunded': {
      const { transactionId, refundId: reference } = event.data;
      const late = payment.lateCharges.find((one) => one.transactionId === transactionId);
      const from = { gateway: late?.gateway ?? gateway, at, reference };
      return move(payment.amount, 'gateway_clearing', 'customer_receivable', from);
    }
    default:
      return [];
  }
};

/** The postings of a history, by the version of the event that caused them; `before` is the payment at `firstVersion - 1`. */
export const postingsByVersion = (
  before: Payment,
  events: readonly PaymentEvent[],
  firstVersion: number,
): { version: number; postings: Posting[] }[] => {
  let payment = before;
  return events.flatMap((event, index) => {
    const postings = postingsOf(payment, event);
    payment = evolve(payment, event);
    return postings.length > 0 ? [{ version: firstVersion + index, postings }] : [];
  });
};
