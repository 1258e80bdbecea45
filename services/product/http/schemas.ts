import { z } from 'zod';

/** A word or name; control characters would only upset the database. */
export const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must not contain control characters');

export const product = z
  .object({
    id: z.string().meta({ example: 'prd-00001' }),
    version: z.int().meta({ description: 'Of what staff writes; the ETag names it' }),
    sku: z.string(),
    name: z.string(),
    description: z.string(),
    category: z.string(),
    price: z.object({
      amount: z.int().meta({ description: 'Minor units (cents)' }),
      currency: z.string().meta({ example: 'EUR' }),
    }),
    available: z.int().meta({ description: 'Units that can be ordered; usually up to 2 s old' }),
  })
  .meta({ id: 'Product' });

export const idParams = z.strictObject({
  id: z.string().regex(/^[\w-]{1,64}$/, 'must look like prd-00001'),
});

/** Of a product's version; its stock, which moves by itself, is none of it. */
export const etagOf = (version: number): string => `"${version}"`;
