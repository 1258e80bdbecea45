import { pageOf, pageQuery } from '@platform/libs/http';
import { idempotencyKey } from '@platform/libs/idempotency';
import { z } from 'zod';
import type { Basis } from '../application/ports';
import { availableOf, type Item, MAX_STOCK } from '../domain/stock';

export const itemParams = z.strictObject({
  productId: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'A product id has up to 64 letters, digits, dots, dashes and underscores.')
    .meta({ example: 'prd-00001' }),
});

const units = z.int().min(0).max(MAX_STOCK);

export const item = z
  .object({
    productId: z.string().meta({ example: 'prd-00001' }),
    stock: units.meta({ description: 'On hand and not yet sold.' }),
    held: units.meta({ description: 'Of these, promised to orders that are not yet decided.' }),
    available: units.meta({ description: 'What can still be ordered: stock less held.' }),
    threshold: units.meta({ description: 'At or below it the stock counts as low.' }),
    version: z.int().meta({ description: 'Rises with every change; the ETag is made of it.' }),
  })
  .meta({ id: 'InventoryItem' });

export const viewOf = ({ productId, stock, held, threshold, version }: Item): z.infer<typeof item> => ({
  ...{ productId, stock, held, available: availableOf({ productId, stock, held, threshold, version }) },
  ...{ threshold, version },
});

export const etagOf = ({ version }: Item): string => `"${version}"`;

export const listQuery = z.strictObject({
  lowStock: z.enum(['true', 'false']).default('false').meta({
    description: 'Only what is at or below its threshold.',
  }),
  ...pageQuery(z.string().regex(/^[\w.-]{1,64}$/, 'Use nextCursor of the page before.')),
});

export const itemPage = z
  .object({ items: z.array(item), nextCursor: z.string().nullable() })
  .meta({ id: 'InventoryPage' });

/** `found` holds one more than `limit` when there is a next page. */
export const toPage = (found: Item[], limit: number): z.infer<typeof itemPage> => {
  const { items, nextCursor } = pageOf(found, limit, ({ productId }) => productId);
  return { items: items.map(viewOf), nextCursor };
};

export const countBody = z.strictObject({ stock: units, threshold: units }).meta({ id: 'InventoryCount' });

export const basisHeaders = z.object({
  // A gateway that compresses makes weak ETags of ours; what they stand for is the same.
  'if-match': z
    .string()
    .regex(/^(W\/)?"\d{1,9}"$/, 'Send the ETag of the item as you read it, with its quotation marks.')
    .optional(),
  'if-none-match': z.literal('*', 'Only * is understood: there is no such item yet.').optional(),
});

/** What the request was made on; undefined where it does not say. */
export const basisOf = (headers: z.infer<typeof basisHeaders>): Basis | undefined => {
  const match = headers['if-match']?.match(/\d+/);
  if (match) return { kind: 'version', version: Number(match[0]) };
  return headers['if-none-match'] ? { kind: 'new' } : undefined;
};

export const adjustmentHeaders = z.object({
  'idempotency-key': idempotencyKey('adjustment'),
});

export const adjustmentBody = z
  .strictObject({
    change: z
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .refine((change) => change !== 0, 'A change of nothing is none.')
      .meta({ description: 'Units that came (positive) or went (negative).', example: 2 }),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(/^\P{Cc}*$/u, 'No control characters.')
      .meta({ description: 'For the books. Nothing about a person.', example: 'return' }),
  })
  .meta({ id: 'InventoryAdjustment' });
