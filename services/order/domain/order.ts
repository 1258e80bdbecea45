import type { Money, OrderLine } from './cart';

export type CancellationReason =
  | 'out_of_stock'
  | 'payment_declined'
  | 'payment_failed'
  /** The stock answer never came; whatever may have been reserved is given back. */
  | 'stock_timeout';

/** Times are ISO 8601 in UTC; they come from outside, as ids do. */
export type OrderEvent =
  | {
      type: 'OrderPlaced';
      data: {
        orderId: string;
        customerId: string;
        items: OrderLine[];
        total: Money;
        paymentMethod: string;
        at: string;
      };
    }
  | { type: 'StockReservationRequested'; data: { at: string } }
  | { type: 'PaymentRequested'; data: { attempt: number; at: string } }
  | { type: 'StockReleaseRequested'; data: { reason: CancellationReason; attempt: number; at: string } }
  /** Nobody answered the release. Somebody has to look after the stock of this order by hand. */
  | { type: 'StockReleaseGivenUp'; data: { attempts: number; at: string } }
  | { type: 'OrderConfirmed'; data: { paymentId: string; at: string } }
  | { type: 'OrderCancelled'; data: { reason: CancellationReason; at: string } };

interface Known {
  orderId: string;
  customerId: string;
  items: OrderLine[];
  total: Money;
  paymentMethod: string;
}

/** `since`: when the question was asked that the order now waits on. */
export type Order =
  | { status: 'none' }
  | (Known & { status: 'awaiting-stock'; since: string })
  | (Known & { status: 'awaiting-payment'; since: string; attempt: number })
  | (Known & { status: 'awaiting-release'; since: string; attempt: number; reason: CancellationReason })
  | (Known & { status: 'confirmed'; paymentId: string })
  | (Known & { status: 'cancelled'; reason: CancellationReason });

export const initialOrder: Order = { status: 'none' };

const known = ({ orderId, customerId, items, total, paymentMethod }: Known): Known => ({
  orderId,
  customerId,
  items,
  total,
  paymentMethod,
});

export const evolve = (order: Order, event: OrderEvent): Order => {
  if (event.type === 'OrderPlaced') {
    return { status: 'awaiting-stock', ...known(event.data), since: event.data.at };
  }
  if (order.status === 'none') throw new Error(`An order cannot begin with ${event.type}.`);
  const { data } = event;
  switch (event.type) {
    case 'StockReservationRequested':
      return { ...known(order), status: 'awaiting-stock', since: data.at };
    case 'PaymentRequested':
      return { ...known(order), status: 'awaiting-payment', since: data.at, attempt: event.data.attempt };
    case 'StockReleaseRequested':
      return {
        ...known(order),
        status: 'awaiting-release',
        since: data.at,
        attempt: event.data.attempt,
        reason: event.data.reason,
      };
    case 'StockReleaseGivenUp':
      return order;
    case 'OrderConfirmed':
      return { ...known(order), status: 'confirmed', paymentId: event.data.paymentId };
    case 'OrderCancelled':
      return { ...known(order), status: 'cancelled', reason: event.data.reason };
  }
};

export const foldOrder = (events: readonly OrderEvent[], from: Order = initialOrder): Order =>
  events.reduce(evolve, from);

export interface PlaceOrder {
  orderId: string;
  customerId: string;
  items: OrderLine[];
  total: Money;
  paymentMethod: string;
  at: string;
}

/** A new order asks for its stock at once. An order that exists is not placed again. */
export const place = (command: PlaceOrder, order: Order): OrderEvent[] =>
  order.status === 'none'
    ? [
        { type: 'OrderPlaced', data: command },
        { type: 'StockReservationRequested', data: { at: command.at } },
      ]
    : [];
