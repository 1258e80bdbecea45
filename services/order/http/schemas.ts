import { z } from 'zod';
import { MAX_LINES, MAX_QUANTITY } from '../domain/cart';

const money = z
  .object({
    amount: z.int().meta({ description: 'Minor units (cents for EUR).', example: 1999 }),
    currency: z.string().meta({ description: 'ISO 4217.', example: 'EUR' }),
  })
  .meta({ id: 'Money' });

export const placeOrderBody = z
  .strictObject({
    items: z
      .array(
        z.strictObject({
          productId: z
            .string()
            .regex(
              /^[\w.-]{1,64}$/,
              'A product id has up to 64 letters, digits, dots, dashes and underscores.',
            )
            .meta({ example: 'prd-00001' }),
          quantity: z.int().min(1).max(MAX_QUANTITY),
        }),
      )
      .min(1)
      .max(MAX_LINES)
      .meta({ description: `Lines of the same product are merged; ${MAX_QUANTITY} of a product at most.` }),
    paymentMethod: z
      .string()
      .regex(
        /^pm_\w{1,100}$/,
        "A payment method is the payment provider's token, 'pm_…'; never send card numbers.",
      )
      .meta({ example: 'pm_card_visa' }),
  })
  .meta({ id: 'NewOrder' });

export const placeOrderHeaders = z.object({
  'idempotency-key': z
    .string({
      error:
        'Send the header Idempotency-Key: a value of your own for this order, the same when you repeat it.',
    })
    .regex(/^[\x21-\x7e]{1,128}$/, 'An Idempotency-Key has 1 to 128 visible ASCII characters.'),
});

export const orderParams = z.strictObject({ id: z.uuid() });

const encodeCursor = (id: string) => Buffer.from(id).toString('base64url');

export const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z
    .string()
    .max(100)
    .transform((cursor) => Buffer.from(cursor, 'base64url').toString())
    .pipe(z.uuid('Use nextCursor of the page before.'))
    .optional(),
});

export const order = z
  .object({
    id: z.uuid(),
    status: z.enum(['pending', 'confirmed', 'cancelled']),
    cancellationReason: z
      .enum(['out_of_stock', 'payment_declined', 'payment_failed', 'stock_timeout'])
      .optional(),
    items: z.array(z.object({ productId: z.string(), quantity: z.int(), unitPrice: money })),
    total: money,
    paymentId: z.uuid().optional(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Order' });

export const orderPage = z
  .object({ items: z.array(order), nextCursor: z.string().nullable() })
  .meta({ id: 'OrderPage' });

/** `found` holds one more than `limit` when there is a next page. */
export const toPage = <T extends { id: string }>(found: T[], limit: number) => {
  const items = found.slice(0, limit);
  return { items, nextCursor: found.length > limit ? encodeCursor(items.at(-1)!.id) : null };
};
