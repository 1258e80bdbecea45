import type { Contracts, Published } from '@platform/libs/messaging';
import { z } from 'zod';

const aboutOrder = z.object({ orderId: z.uuid() });
const units = z.int().nonnegative();

/** What others hear of stock. Committed in published.json (`npx platform events schemas --write`), which refuses what would break them. */
export const published = {
  'inventory.stock-reserved.v1': aboutOrder,
  'inventory.stock-rejected.v1': aboutOrder.extend({ reason: z.string(), productIds: z.array(z.string()) }),
  'inventory.stock-released.v1': aboutOrder,
  // Stock is what is on hand and not yet sold; available is what of it is promised to nobody.
  'inventory.updated.v1': z.object({
    productId: z.string(),
    previousStock: units,
    currentStock: units,
    available: units,
    version: z.int().positive(),
  }),
  'inventory.low-stock.v1': z.object({ productId: z.string(), available: units, threshold: units }),
} satisfies Contracts;

export type Message = Published<typeof published>;
