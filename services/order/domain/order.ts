import type { Money, OrderLine } from './cart';
import type { Gateway } from './payment-methods';

export type CancellationReason =
  | 'out_of_stock'
  /** The stock answer never came; whatever may have been reserved is given back. */
  | 'stock_timeout'
  | 'payment_declined'
  | 'payment_failed'
  | 'payment_timeout'
  | 'capture_failed'
  | 'shipment_failed'
  | 'shipment_timeout'
  | 'customer_cancelled';

/** What is undone for an order that does not come about, in this order: the reverse of how it was done. */
export type Compensation = 'shipment' | 'payment' | 'stock';

/** Another gateway, for when the preferred one cannot take the payment, with a token of its own. */
export interface Fallback {
  gateway: Gateway;
  paymentMethod: string;
}

export interface Shipment {
  shipmentId: string;
  carrier: string;
  trackingNumber: string;
  /** YYYY-MM-DD; null where the carrier does not say. */
  estimatedDelivery: string | null;
  cost: Money;
}

export interface PlaceOrder {
  orderId: string;
  customerId: string;
  items: OrderLine[];
  /** What the customer pays for the parcel; it is part of the total. Orders of versions before have none. */
  shippingCost?: Money;
  total: Money;
  paymentMethod: string;
  /** The preferred gateway; payment's own choice unless named. */
  gateway?: Gateway;
  fallback?: Fallback;
  /** The carrier's offer the customer chose. Without one nothing is shipped. */
  quoteId?: string;
  at: string;
}

interface Attempt {
  /** 1 for the first. */
  attempt: number;
  at: string;
}

type Undoing = Attempt & { reason: CancellationReason };

/** Times are ISO 8601 in UTC; they come from outside, as ids do. */
export type OrderEvent =
  | { type: 'OrderPlaced'; data: PlaceOrder }
  | { type: 'StockReservationRequested'; data: { at: string } }
  | { type: 'PaymentAuthorisationRequested'; data: Attempt }
  | { type: 'ShipmentRequested'; data: Attempt }
  | { type: 'ShipmentBooked'; data: Shipment & { at: string } }
  | { type: 'PaymentCaptureRequested'; data: Attempt }
  | { type: 'ShipmentCancellationRequested'; data: Undoing }
  | { type: 'PaymentVoidRequested'; data: Undoing }
  | { type: 'StockReleaseRequested'; data: Undoing }
  /** Nobody answers. The order goes on to its end; what is owed is asked for again until somebody does. */
  | { type: 'CompensationFailed'; data: { what: Compensation; attempts: number; at: string } }
  | { type: 'CompensationSettled'; data: { what: Compensation; at: string } }
  | { type: 'OrderConfirmed'; data: { paymentId: string; at: string } }
  | { type: 'OrderCancelled'; data: { reason: CancellationReason; at: string } }
  /** Of versions before: authorised and captured in one. */
  | { type: 'PaymentRequested'; data: Attempt }
  /** Of versions before: nobody answered the release, and nobody asks again. */
  | { type: 'StockReleaseGivenUp'; data: { attempts: number; at: string } };

type Known = Omit<PlaceOrder, 'at'> & { shipment?: Shipment };

/** `since`: when the question was asked that is waited on. */
interface Waiting {
  since: string;
  attempt: number;
}

export interface Owed extends Waiting {
  what: Compensation;
}

interface Ending {
  reason: CancellationReason;
  /** Compensations that nobody has confirmed. */
  owed: readonly Owed[];
}

export type Order =
  | { status: 'none' }
  | (Known &
      Waiting & {
        status:
          | 'awaiting-stock'
          | 'awaiting-authorisation'
          | 'awaiting-shipment'
          | 'awaiting-capture'
          | 'awaiting-payment';
      })
  | (Known &
      Waiting &
      Ending & { status: 'awaiting-shipment-cancellation' | 'awaiting-void' | 'awaiting-release' })
  | (Known & { status: 'confirmed'; paymentId: string })
  | (Known & Ending & { status: 'cancelled' });

export type KnownOrder = Exclude<Order, { status: 'none' }>;

export const initialOrder: Order = { status: 'none' };

const known = (order: Known): Known => {
  const { orderId, customerId, items, shippingCost, total, paymentMethod } = order;
  const { gateway, fallback, quoteId, shipment } = order;
  return {
    ...{ orderId, customerId, items, shippingCost, total, paymentMethod },
    ...{ gateway, fallback, quoteId, shipment },
  };
};

export const owedBy = (order: Order): readonly Owed[] => ('owed' in order ? order.owed : []);

const undoing = (
  order: KnownOrder,
  what: Compensation,
  { reason, attempt, at: since }: Undoing,
): KnownOrder => {
  const owed = owedBy(order);
  if (order.status === 'cancelled') {
    return { ...order, owed: owed.map((one) => (one.what === what ? { what, since, attempt } : one)) };
  }
  const status = (
    {
      shipment: 'awaiting-shipment-cancellation',
      payment: 'awaiting-void',
      stock: 'awaiting-release',
    } as const
  )[what];
  return { ...known(order), status, since, attempt, reason, owed };
};

export const evolve = (order: Order, event: OrderEvent): Order => {
  if (event.type === 'OrderPlaced') {
    return { ...known(event.data), status: 'awaiting-stock', since: event.data.at, attempt: 1 };
  }
  if (order.status === 'none') throw new Error(`An order cannot begin with ${event.type}.`);
  const waiting = (
    status: 'awaiting-authorisation' | 'awaiting-shipment' | 'awaiting-capture' | 'awaiting-payment',
    { attempt, at: since }: Attempt,
  ): Order => ({ ...known(order), status, since, attempt });
  switch (event.type) {
    case 'StockReservationRequested':
      return { ...known(order), status: 'awaiting-stock', since: event.data.at, attempt: 1 };
    case 'PaymentAuthorisationRequested':
      return waiting('awaiting-authorisation', event.data);
    case 'ShipmentRequested':
      return waiting('awaiting-shipment', event.data);
    case 'ShipmentBooked': {
      const { at: _at, ...shipment } = event.data;
      return { ...order, shipment };
    }
    case 'PaymentCaptureRequested':
      return waiting('awaiting-capture', event.data);
    case 'PaymentRequested':
      return waiting('awaiting-payment', event.data);
    case 'ShipmentCancellationRequested':
      return undoing(order, 'shipment', event.data);
    case 'PaymentVoidRequested':
      return undoing(order, 'payment', event.data);
    case 'StockReleaseRequested':
      return undoing(order, 'stock', event.data);
    case 'CompensationFailed': {
      const { what, attempts: attempt, at: since } = event.data;
      return 'owed' in order ? { ...order, owed: [...order.owed, { what, since, attempt }] } : order;
    }
    case 'CompensationSettled':
      return 'owed' in order
        ? { ...order, owed: order.owed.filter(({ what }) => what !== event.data.what) }
        : order;
    case 'StockReleaseGivenUp':
      return order;
    case 'OrderConfirmed':
      return { ...known(order), status: 'confirmed', paymentId: event.data.paymentId };
    case 'OrderCancelled':
      return { ...known(order), status: 'cancelled', reason: event.data.reason, owed: owedBy(order) };
  }
};

export const foldOrder = (events: readonly OrderEvent[], from: Order = initialOrder): Order =>
  events.reduce(evolve, from);

/** A new order asks for its stock at once. An order that exists is not placed again. */
export const place = (command: PlaceOrder, order: Order): OrderEvent[] =>
  order.status === 'none'
    ? [
        { type: 'OrderPlaced', data: command },
        { type: 'StockReservationRequested', data: { at: command.at } },
      ]
    : [];
