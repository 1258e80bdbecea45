import {
  createConsumer,
  createEvent,
  type EventConsumer,
  enqueueEvents,
  handler,
  type KafkaPort,
} from '@platform/libs/messaging';
import type { Pool } from '@platform/libs/postgres';
import type { Logger } from '@platform/libs/telemetry';
import { z } from 'zod';
import { type ReservationRecord, releaseStock, reserveStock } from '../application/reserve';
import { createStockStore } from '../storage/stock';

export const ORDER_TOPIC = 'order.order.v1';
export const STOCK_TOPIC = 'product.stock.v1';

const reservationRequested = z.object({
  orderId: z.string().min(1).max(200),
  items: z.array(z.object({ productId: z.string(), quantity: z.number() })),
});
const releaseRequested = z.object({ orderId: z.string().min(1).max(200) });

export interface StockConsumerDeps {
  kafka: KafkaPort;
  pool: Pool;
  logger: Logger;
  groupId: string;
}

/** Orders ask for stock and give it back; the answer is an event about the same order, in the same transaction. */
export function createStockConsumer({ kafka, pool, logger, groupId }: StockConsumerDeps): EventConsumer {
  return createConsumer({
    kafka,
    pool,
    logger,
    groupId,
    topics: [ORDER_TOPIC],
    handlers: {
      'order.stock-reservation-requested.v1': handler(
        reservationRequested,
        async ({ data, traceparent }, { client }) => {
          const record = await reserveStock(createStockStore(client), data.orderId, data.items);
          await enqueueEvents(client, STOCK_TOPIC, [answer(data.orderId, record, traceparent)]);
        },
      ),
      'order.stock-release-requested.v1': handler(
        releaseRequested,
        async ({ data, traceparent }, { client }) => {
          await releaseStock(createStockStore(client), data.orderId);
          await enqueueEvents(client, STOCK_TOPIC, [
            answer(data.orderId, { status: 'released' }, traceparent),
          ]);
        },
      ),
    },
  });
}

function answer(orderId: string, record: ReservationRecord, traceparent?: string) {
  const { status, ...details } = record;
  return createEvent({
    source: '/product-service',
    type: `product.stock-${status}.v1`,
    subject: orderId,
    data: { orderId, ...details },
    traceparent,
  });
}
