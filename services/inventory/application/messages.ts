import { type CloudEvent, createEvent } from '@platform/libs/messaging';
import type { Answer } from '../domain/reservation';
import { availableOf, becameLow, type ItemChange } from '../domain/stock';
import type { Message } from './published';

export const ORDER_TOPIC = 'order.order.v1';
export const RESERVATION_TOPIC = 'inventory.reservation.v1';
export const STOCK_TOPIC = 'inventory.stock.v1';

const about = (subject: string, message: Message, traceparent?: string): CloudEvent =>
  createEvent<Message['data']>({ source: '/inventory-service', subject, traceparent, ...message });

const messageOf = (orderId: string, answer: Answer): Message => {
  switch (answer.outcome) {
    case 'reserved':
      return { type: 'inventory.stock-reserved.v1', data: { orderId } };
    case 'released':
      return { type: 'inventory.stock-released.v1', data: { orderId } };
    case 'rejected': {
      const { reason, productIds } = answer;
      return { type: 'inventory.stock-rejected.v1', data: { orderId, reason, productIds } };
    }
  }
};

export const answerMessage = (orderId: string, answer: Answer, traceparent?: string): CloudEvent =>
  about(orderId, messageOf(orderId, answer), traceparent);

/** What others hear of a change: the new figures, and that there is little left where that is news. */
export const stockMessages = (change: ItemChange, traceparent?: string): CloudEvent[] => {
  const { before, after } = change;
  const { productId, threshold, version } = after;
  const available = availableOf(after);
  const updated: Message = {
    type: 'inventory.updated.v1',
    data: {
      productId,
      previousStock: before?.stock ?? 0,
      currentStock: after.stock,
      available,
      version,
    },
  };
  const low: Message = { type: 'inventory.low-stock.v1', data: { productId, available, threshold } };
  return [updated, ...(becameLow(change) ? [low] : [])].map((message) =>
    about(productId, message, traceparent),
  );
};
