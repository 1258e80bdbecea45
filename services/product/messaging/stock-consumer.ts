import {
  createConsumer,
  createEvent,
  type EventConsumer,
  enqueueEvents,
  type Handler,
  handler,
  type KafkaPort,
} from '@platform/libs/messaging';
import type { Pool } from '@platform/libs/postgres';
import type { Logger } from '@platform/libs/telemetry';
import { z } from 'zod';
import type { Message } from '../application/published';
import { type ReservationRecord, releaseStock, reserveStock } from '../application/reserve';
import { createStockStore } from '../storage/stock';

export const ORDER_TOPIC = 'order.order.v1';
export const STOCK_TOPIC = 'product.stock.v1';

const reservationRequested = z.object({
  orderId: z.string(),
  items: z.array(z.object({ productId: z.string(), quantity: z.number() })),
});
const releaseRequested = z.object({ orderId: z.string() });

export interface StockConsumerDeps {
  kafka: KafkaPort;
  pool: Pool;
  logger: Logger;
  groupId: string;
}

/** Orders ask for stock and give it back; the answer is an event about the same order, in the same transaction. */
export const createStockHandlers = (): Record<string, Handler> => ({
  'order.stock-reservation-requested.v1': handler(
    reservationRequested,
    async ({ data, traceparent }, { client }) => {
      const record = await reserveStock(createStockStore(client), data.orderId, data.items);
      await enqueueEvents(client, STOCK_TOPIC, [answer(data.orderId, record, traceparent)]);
    },
  ),
  'order.stock-release-requested.v1': handler(releaseRequested, async ({ data, traceparent }, { client }) => {
    await releaseStock(createStockStore(client), data.orderId);
    await enqueueEvents(client, STOCK_TOPIC, [answer(data.orderId, { status: 'released' }, traceparent)]);
  }),
});

export const createStockConsumer = (deps: StockConsumerDeps): EventConsumer =>
  createConsumer({ ...deps, topics: [ORDER_TOPIC], handlers: createStockHandlers() });

function answer(orderId: string, record: ReservationRecord, traceparent?: string) {
  return createEvent({
    ...{ source: '/product-service', subject: orderId, traceparent },
    ...messageOf(orderId, record),
  });
}

function messageOf(orderId: string, record: ReservationRecord): Message {
  switch (record.status) {
    case 'reserved':
      return { type: 'product.stock-reserved.v1', data: { orderId } };
    case 'released':
      return { type: 'product.stock-released.v1', data: { orderId } };
    case 'rejected': {
      const { reason, productIds } = record;
      return { type: 'product.stock-rejected.v1', data: { orderId, reason, productIds } };
    }
  }
}
