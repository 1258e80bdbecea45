import type { Contracts, Published } from '@platform/libs/messaging';
import { z } from 'zod';

const aboutProduct = z.object({ productId: z.string(), version: z.int() });
const listed = aboutProduct.extend({
  sku: z.string(),
  name: z.string(),
  description: z.string(),
  category: z.string(),
  price: z.object({ amount: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) }),
});

/** What others hear of the catalogue. Committed in published.json (`npx platform events schemas --write`), which refuses what would break them. */
export const published = {
  'product.created.v1': listed,
  'product.updated.v1': listed.extend({ previousCategory: z.string() }),
  // Ids are never used again.
  'product.deleted.v1': aboutProduct.extend({ category: z.string() }),
} satisfies Contracts;

export type Message = Published<typeof published>;
