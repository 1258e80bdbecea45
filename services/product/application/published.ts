import type { Contracts, Published } from '@platform/libs/messaging';
import { z } from 'zod';

const aboutOrder = z.object({ orderId: z.uuid() });

/** What others hear of stock. Committed in published.json (`npx platform events schemas --write`), which refuses what would break them. */
export const published = {
  'product.stock-reserved.v1': aboutOrder,
  'product.stock-rejected.v1': aboutOrder.extend({ reason: z.string(), productIds: z.array(z.string()) }),
  'product.stock-released.v1': aboutOrder,
} satisfies Contracts;

export type Message = Published<typeof published>;
