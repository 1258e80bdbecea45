import { type CloudEvent, createEvent } from '@platform/libs/messaging';
import { evolve, type KnownOrder, type Order, type OrderEvent } from '../domain/order';
import type { Message } from './published';

export const ORDER_TOPIC = 'order.order.v1';
export const RESERVATION_TOPIC = 'inventory.reservation.v1';
export const PAYMENT_TOPIC = 'payment.payment.v1';
export const SHIPMENT_TOPIC = 'shipping.shipment.v1';
export const USER_TOPIC = 'user.user.v1';

const publish = (order: KnownOrder, event: OrderEvent): Message | undefined => {
  const { orderId, customerId, items, shippingCost, total, paymentMethod, gateway, fallback } = order;
  switch (event.type) {
    case 'OrderPlaced':
      return { type: 'order.placed.v1', data: { orderId, customerId, items, shippingCost, total } };
    case 'StockReservationRequested':
      return {
        type: 'order.stock-reservation-requested.v1',
        data: { orderId, items: items.map(({ productId, quantity }) => ({ productId, quantity })) },
      };
    case 'PaymentRequested':
      return {
        type: 'order.payment-requested.v1',
        data: { orderId, customerId, amount: total, paymentMethod },
      };
    case 'PaymentAuthorisationRequested':
      return {
        type: 'order.payment-authorisation-requested.v1',
        data: { orderId, customerId, amount: total, paymentMethod, gateway, fallback },
      };
    case 'ShipmentRequested':
      return {
        type: 'order.shipment-requested.v1',
        data: { orderId, customerId, quoteId: order.quoteId ?? '' },
      };
    case 'PaymentCaptureRequested':
      return { type: 'order.payment-capture-requested.v1', data: { orderId } };
    case 'ShipmentCancellationRequested':
      return { type: 'order.shipment-cancellation-requested.v1', data: { orderId } };
    case 'PaymentVoidRequested':
      return { type: 'order.payment-void-requested.v1', data: { orderId } };
    case 'StockReleaseRequested':
      return { type: 'order.stock-release-requested.v1', data: { orderId } };
    case 'OrderConfirmed':
      return { type: 'order.confirmed.v1', data: { orderId } };
    case 'OrderCancelled':
      return { type: 'order.cancelled.v1', data: { orderId, reason: event.data.reason } };
    default:
      return undefined;
  }
};

/**
 * What others hear of `events`, the first of which becomes version `firstVersion` of the order's stream. A message's id follows from its
 * place in the stream: a fact has one id.
 */
export const toMessages = (
  before: Order,
  events: readonly OrderEvent[],
  firstVersion: number,
): CloudEvent[] => {
  let order = before;
  return events.flatMap((event, index) => {
    order = evolve(order, event);
    if (order.status === 'none') return [];
    const message = publish(order, event);
    if (!message) return [];
    return createEvent({
      ...message,
      id: `${order.orderId}-${firstVersion + index}`,
      source: '/order-service',
      subject: order.orderId,
      time: new Date(event.data.at),
    });
  });
};
