import { type CloudEvent, createEvent } from '@platform/libs/messaging';
import { evolve, type Order, type OrderEvent } from '../domain/order';
import type { Message } from './published';

export const ORDER_TOPIC = 'order.order.v1';
export const STOCK_TOPIC = 'product.stock.v1';
export const PAYMENT_TOPIC = 'payment.payment.v1';
export const USER_TOPIC = 'user.user.v1';

type Known = Exclude<Order, { status: 'none' }>;

const publish = (order: Known, event: OrderEvent): Message | undefined => {
  const { orderId, customerId, items, total } = order;
  switch (event.type) {
    case 'OrderPlaced':
      return { type: 'order.placed.v1', data: { orderId, customerId, items, total } };
    case 'StockReservationRequested':
      return {
        type: 'order.stock-reservation-requested.v1',
        data: { orderId, items: items.map(({ productId, quantity }) => ({ productId, quantity })) },
      };
    case 'PaymentRequested':
      return {
        type: 'order.payment-requested.v1',
        data: { orderId, customerId, amount: total, paymentMethod: order.paymentMethod },
      };
    case 'StockReleaseRequested':
      return { type: 'order.stock-release-requested.v1', data: { orderId } };
    case 'OrderConfirmed':
      return { type: 'order.confirmed.v1', data: { orderId } };
    case 'OrderCancelled':
      return { type: 'order.cancelled.v1', data: { orderId, reason: event.data.reason } };
    case 'StockReleaseGivenUp':
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
