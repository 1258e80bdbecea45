import {
  createConsumer,
  type EventConsumer,
  type Handler,
  handler,
  type KafkaPort,
} from '@platform/libs/messaging';
import type { Pool } from '@platform/libs/postgres';
import type { Logger } from '@platform/libs/telemetry';
import { z } from 'zod';
import { followStock } from '../storage/stock';

export const STOCK_TOPIC = 'inventory.stock.v1';

const stockUpdated = z.object({
  productId: z.string(),
  available: z.int().nonnegative(),
  version: z.int().positive(),
});

export interface StockConsumerDeps {
  kafka: KafkaPort;
  pool: Pool;
  logger: Logger;
  groupId: string;
}

/** Inventory says what is available; here it is only shown. */
export const createStockHandlers = (): Record<string, Handler> => ({
  'inventory.updated.v1': handler(stockUpdated, async ({ data }, { client }) => {
    await followStock(client, data);
  }),
});

export const createStockConsumer = (deps: StockConsumerDeps): EventConsumer =>
  createConsumer({ ...deps, topics: [STOCK_TOPIC], handlers: createStockHandlers() });
