import {
  type CancellationReason,
  type Compensation,
  type KnownOrder,
  type Order,
  type OrderEvent,
  type Owed,
  owedBy,
  type Shipment,
} from './order';

/** What the rest of the platform, the customer or the clock tells an order. */
export type CheckoutMessage =
  | { type: 'StockReserved' }
  | { type: 'StockRejected' }
  | { type: 'StockReleased' }
  | { type: 'PaymentAuthorised'; paymentId: string }
  | { type: 'PaymentCaptured'; paymentId: string }
  | { type: 'PaymentCaptureFailed'; paymentId: string }
  | { type: 'PaymentVoided'; paymentId: string }
  | { type: 'PaymentSucceeded'; paymentId: string }
  | { type: 'PaymentDeclined'; paymentId: string }
  | { type: 'PaymentFailed'; paymentId: string }
  | { type: 'ShipmentBooked'; shipment: Shipment }
  | { type: 'ShipmentFailed' }
  | { type: 'ShipmentCancelled' }
  | { type: 'CancellationWanted' }
  | { type: 'TimePassed' };

/** How long an answer may take, in milliseconds, before the saga acts on its own; and how often it asks. */
export interface Patience {
  stockMs: number;
  paymentMs: number;
  paymentAttempts: number;
  shipmentMs: number;
  shipmentAttempts: number;
  compensationMs: number;
  /** After so many questions without an answer somebody is told, and the order goes on to its end. */
  compensationAttempts: number;
  /** Between two questions after that. */
  owedMs: number;
}

export const defaultPatience: Patience = {
  stockMs: 5 * 60_000,
  paymentMs: 5 * 60_000,
  paymentAttempts: 12,
  shipmentMs: 2 * 60_000,
  shipmentAttempts: 10,
  compensationMs: 60_000,
  compensationAttempts: 10,
  owedMs: 60 * 60_000,
};

type Waiting = Extract<KnownOrder, { since: string }>;
type Undoing = Extract<Waiting, { reason: CancellationReason }>;
const isUndoing = (order: Waiting): order is Undoing => 'reason' in order;

const patienceOf = ({ status }: Waiting, patience: Patience): number => {
  switch (status) {
    case 'awaiting-stock':
      return patience.stockMs;
    case 'awaiting-authorisation':
    case 'awaiting-capture':
    case 'awaiting-payment':
      return patience.paymentMs;
    case 'awaiting-shipment':
      return patience.shipmentMs;
    default:
      return patience.compensationMs;
  }
};

const after = (since: string, ms: number): number => Date.parse(since) + ms;

/** When the order has to be looked at although nothing was heard; undefined once nothing is open. ISO 8601. */
export const dueAt = (order: Order, patience: Patience): string | undefined => {
  if ('since' in order) return new Date(after(order.since, patienceOf(order, patience))).toISOString();
  const owed = owedBy(order).map(({ since }) => after(since, patience.owedMs));
  return owed.length > 0 ? new Date(Math.min(...owed)).toISOString() : undefined;
};

const requests = {
  shipment: 'ShipmentCancellationRequested',
  payment: 'PaymentVoidRequested',
  stock: 'StockReleaseRequested',
} as const;

const undo = (what: Compensation, reason: CancellationReason, at: string, attempt = 1): OrderEvent => ({
  type: requests[what],
  data: { reason, attempt, at },
});

const cancel = (reason: CancellationReason, at: string): OrderEvent => ({
  type: 'OrderCancelled',
  data: { reason, at },
});

/** What comes once `what` is undone, or has been asked for often enough. */
const goOn = (what: Compensation, reason: CancellationReason, at: string): OrderEvent => {
  if (what === 'shipment') return undo('payment', reason, at);
  return what === 'payment' ? undo('stock', reason, at) : cancel(reason, at);
};

const undoneIn = {
  'awaiting-shipment-cancellation': 'shipment',
  'awaiting-void': 'payment',
  'awaiting-release': 'stock',
} as const;

/** Answers that say there is nothing (left) to undo. A late refusal says it too. */
const settling: Partial<Record<CheckoutMessage['type'], Compensation>> = {
  ShipmentCancelled: 'shipment',
  ShipmentFailed: 'shipment',
  PaymentVoided: 'payment',
  PaymentDeclined: 'payment',
  PaymentFailed: 'payment',
  StockReleased: 'stock',
  StockRejected: 'stock',
};

const capture = (at: string, attempt = 1): OrderEvent => ({
  type: 'PaymentCaptureRequested',
  data: { attempt, at },
});

/** What was booked first is undone first. */
const undoFrom = (order: Waiting, reason: CancellationReason, at: string): OrderEvent =>
  undo(order.shipment ? 'shipment' : 'payment', reason, at);

const whenTimePassed = (order: Waiting, at: string, patience: Patience): OrderEvent[] => {
  const next = order.attempt + 1;
  switch (order.status) {
    case 'awaiting-stock':
      return [undo('stock', 'stock_timeout', at)];
    case 'awaiting-authorisation':
      // Silence does not mean 'not charged': payment answers the same order the same way however often it is asked, and a void holds
      // for whatever comes of it later.
      return order.attempt < patience.paymentAttempts
        ? [{ type: 'PaymentAuthorisationRequested', data: { attempt: next, at } }]
        : [undo('payment', 'payment_timeout', at)];
    case 'awaiting-shipment':
      return order.attempt < patience.shipmentAttempts
        ? [{ type: 'ShipmentRequested', data: { attempt: next, at } }]
        : [undo('shipment', 'shipment_timeout', at)];
    case 'awaiting-capture':
      // The money may be taken: from here on only payment's answer ends it.
      return [capture(at, next)];
    case 'awaiting-payment':
      return [{ type: 'PaymentRequested', data: { attempt: next, at } }];
    default: {
      const what = undoneIn[order.status];
      return order.attempt < patience.compensationAttempts
        ? [undo(what, order.reason, at, next)]
        : [
            { type: 'CompensationFailed', data: { what, attempts: order.attempt, at } },
            goOn(what, order.reason, at),
          ];
    }
  }
};

const whenUndone = (order: Undoing, message: CheckoutMessage, at: string): OrderEvent[] => {
  const what = settling[message.type];
  if (what === undefined) return [];
  if (what !== undoneIn[order.status]) return settleOwed(owedBy(order), what, at);
  // The answer to the reservation was late, and it was no.
  const late = message.type === 'StockRejected' && order.reason === 'stock_timeout';
  return [goOn(what, late ? 'out_of_stock' : order.reason, at)];
};

const settleOwed = (owed: readonly Owed[], what: Compensation, at: string): OrderEvent[] =>
  owed.some((one) => one.what === what) ? [{ type: 'CompensationSettled', data: { what, at } }] : [];

const whenCancelled = (
  order: Extract<KnownOrder, { status: 'cancelled' }>,
  message: CheckoutMessage,
  at: string,
  patience: Patience,
): OrderEvent[] => {
  if (message.type === 'TimePassed') {
    return order.owed
      .filter(({ since }) => Date.parse(at) >= after(since, patience.owedMs))
      .map(({ what, attempt }) => undo(what, order.reason, at, attempt + 1));
  }
  const what = settling[message.type];
  return what === undefined ? [] : settleOwed(order.owed, what, at);
};

const whenForward = (order: Waiting, message: CheckoutMessage, at: string): OrderEvent[] => {
  switch (order.status) {
    case 'awaiting-stock':
      if (message.type === 'StockReserved')
        return [{ type: 'PaymentAuthorisationRequested', data: { attempt: 1, at } }];
      if (message.type === 'StockRejected') return [cancel('out_of_stock', at)];
      if (message.type === 'CancellationWanted') return [undo('stock', 'customer_cancelled', at)];
      return [];
    case 'awaiting-authorisation':
      if (message.type === 'PaymentAuthorised') {
        return [order.quoteId ? { type: 'ShipmentRequested', data: { attempt: 1, at } } : capture(at)];
      }
      if (message.type === 'PaymentDeclined') return [undo('stock', 'payment_declined', at)];
      if (message.type === 'PaymentFailed' || message.type === 'PaymentVoided')
        return [undo('stock', 'payment_failed', at)];
      if (message.type === 'CancellationWanted') return [undo('payment', 'customer_cancelled', at)];
      return [];
    case 'awaiting-shipment':
      if (message.type === 'ShipmentBooked')
        return [{ type: 'ShipmentBooked', data: { ...message.shipment, at } }, capture(at)];
      if (message.type === 'ShipmentFailed') return [undo('payment', 'shipment_failed', at)];
      if (message.type === 'CancellationWanted') return [undo('shipment', 'customer_cancelled', at)];
      return [];
    case 'awaiting-capture':
      if (message.type === 'PaymentCaptured')
        return [{ type: 'OrderConfirmed', data: { paymentId: message.paymentId, at } }];
      if (message.type === 'PaymentCaptureFailed') return [undoFrom(order, 'capture_failed', at)];
      return [];
    case 'awaiting-payment':
      if (message.type === 'PaymentSucceeded')
        return [{ type: 'OrderConfirmed', data: { paymentId: message.paymentId, at } }];
      if (message.type === 'PaymentDeclined') return [undo('stock', 'payment_declined', at)];
      if (message.type === 'PaymentFailed') return [undo('stock', 'payment_failed', at)];
      return [];
    default:
      return [];
  }
};

/**
 * The checkout saga: what an order does about a message. Stock is reserved, the payment authorised, the shipment booked where one was chosen,
 * the payment captured, the order confirmed; what goes wrong on the way is undone in reverse before the order is called cancelled. A message
 * the order does not wait for (a duplicate, a late one) changes nothing.
 */
export const decide = (
  message: CheckoutMessage,
  order: Order,
  at: string,
  patience: Patience = defaultPatience,
): OrderEvent[] => {
  if (order.status === 'none' || order.status === 'confirmed') return [];
  if (order.status === 'cancelled') return whenCancelled(order, message, at, patience);
  if (message.type === 'TimePassed') {
    const due = after(order.since, patienceOf(order, patience));
    return Date.parse(at) < due ? [] : whenTimePassed(order, at, patience);
  }
  return isUndoing(order) ? whenUndone(order, message, at) : whenForward(order, message, at);
};

/** Whether the customer can still call the order off, or has. */
export const isCancellable = (order: Order): boolean =>
  order.status === 'cancelled' ||
  ('since' in order && order.status !== 'awaiting-capture' && order.status !== 'awaiting-payment');
