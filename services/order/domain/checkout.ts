import type { CancellationReason, Order, OrderEvent } from './order';

/** What the rest of the platform, or the clock, tells an order. */
export type CheckoutMessage =
  | { type: 'StockReserved' }
  | { type: 'StockRejected' }
  | { type: 'StockReleased' }
  | { type: 'PaymentSucceeded'; paymentId: string }
  | { type: 'PaymentDeclined'; paymentId: string }
  | { type: 'PaymentFailed'; paymentId: string }
  | { type: 'TimePassed' };

/** Milliseconds an answer may take before the saga acts on its own. */
export interface Patience {
  stockMs: number;
  paymentMs: number;
  releaseMs: number;
  /** Releases asked for before a person is needed. */
  releaseAttempts: number;
}

export const defaultPatience: Patience = {
  stockMs: 5 * 60_000,
  paymentMs: 5 * 60_000,
  releaseMs: 60_000,
  releaseAttempts: 10,
};

type Waiting = Extract<Order, { since: string }>;

const patienceOf = (order: Waiting, patience: Patience): number =>
  ({
    'awaiting-stock': patience.stockMs,
    'awaiting-payment': patience.paymentMs,
    'awaiting-release': patience.releaseMs,
  })[order.status];

/** When the order has to be looked at although nothing was heard; undefined once it has ended. ISO 8601. */
export const dueAt = (order: Order, patience: Patience): string | undefined =>
  'since' in order
    ? new Date(Date.parse(order.since) + patienceOf(order, patience)).toISOString()
    : undefined;

const release = (reason: CancellationReason, at: string, attempt = 1): OrderEvent => ({
  type: 'StockReleaseRequested',
  data: { reason, attempt, at },
});

const cancel = (reason: CancellationReason, at: string): OrderEvent => ({
  type: 'OrderCancelled',
  data: { reason, at },
});

const whenTimePassed = (order: Waiting, at: string, patience: Patience): OrderEvent[] => {
  if (Date.parse(at) < Date.parse(order.since) + patienceOf(order, patience)) return [];
  switch (order.status) {
    case 'awaiting-stock':
      return [release('stock_timeout', at)];
    case 'awaiting-payment':
      // Silence does not mean 'not charged'. Payment answers the same order the same way however often it is asked.
      return [{ type: 'PaymentRequested', data: { attempt: order.attempt + 1, at } }];
    case 'awaiting-release':
      return order.attempt < patience.releaseAttempts
        ? [release(order.reason, at, order.attempt + 1)]
        : [{ type: 'StockReleaseGivenUp', data: { attempts: order.attempt, at } }, cancel(order.reason, at)];
  }
};

/**
 * The checkout saga: what an order does about a message. Compensation runs before the order is called cancelled, so a cancelled order holds
 * no stock. A message the order does not wait for (a duplicate, a late one) changes nothing.
 */
export const decide = (
  message: CheckoutMessage,
  order: Order,
  at: string,
  patience: Patience = defaultPatience,
): OrderEvent[] => {
  if (!('since' in order)) return [];
  if (message.type === 'TimePassed') return whenTimePassed(order, at, patience);
  switch (order.status) {
    case 'awaiting-stock':
      if (message.type === 'StockReserved') return [{ type: 'PaymentRequested', data: { attempt: 1, at } }];
      if (message.type === 'StockRejected') return [cancel('out_of_stock', at)];
      return [];
    case 'awaiting-payment':
      if (message.type === 'PaymentSucceeded') {
        return [{ type: 'OrderConfirmed', data: { paymentId: message.paymentId, at } }];
      }
      if (message.type === 'PaymentDeclined') return [release('payment_declined', at)];
      if (message.type === 'PaymentFailed') return [release('payment_failed', at)];
      return [];
    case 'awaiting-release':
      if (message.type === 'StockReleased') return [cancel(order.reason, at)];
      // The answer to the reservation was late, and it was no: there is nothing to give back.
      if (message.type === 'StockRejected' && order.reason === 'stock_timeout')
        return [cancel('out_of_stock', at)];
      return [];
  }
};
