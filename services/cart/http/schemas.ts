import { idempotencyKey } from '@platform/libs/idempotency';
import { holdsCardNumber } from '@platform/libs/telemetry';
import { z } from 'zod';
import { type Cart, MAX_QUANTITY, totalsOf } from '../domain/cart';

const money = z
  .object({
    amount: z.int().meta({ description: 'Minor units (cents for EUR).', example: 1999 }),
    currency: z.string().meta({ description: 'ISO 4217.', example: 'EUR' }),
  })
  .meta({ id: 'Money' });

const item = z.object({
  productId: z.string(),
  quantity: z.int(),
  unitPrice: money.meta({ description: 'As it was when the item was put in, or last compared.' }),
  available: z.int().meta({ description: 'Units that could be ordered then.' }),
});

export const cartView = z
  .object({
    items: z.array(item),
    totals: z.array(money).meta({ description: 'One for each currency.' }),
    version: z.int(),
  })
  .meta({ id: 'Cart' });

export const personalCart = z.object({
  cart: z.object({ items: z.array(item), touchedAt: z.iso.datetime() }).nullable(),
  checkouts: z.array(
    z.object({
      orderId: z.string().nullable(),
      paymentMethod: z.string().nullable().meta({ description: 'Kept until the order is placed.' }),
      createdAt: z.iso.datetime(),
    }),
  ),
});

/** Whoever has no cart yet has an empty one. */
export const viewOf = (cart: Cart | undefined): z.infer<typeof cartView> => {
  const { items, version } = cart ?? { items: [], version: 0 };
  return { items, totals: totalsOf(items), version };
};

export const tagOf = (cart: Cart | undefined): string => (cart ? `"${cart.id}-${cart.version}"` : '"0"');

const matches = (header: string | undefined) => (cart: Cart | undefined) => {
  if (header === undefined) return true;
  if (header.trim() === '*') return cart !== undefined;
  return (
    header
      .split(',')
      // A gateway that compresses answers marks the tag as weak; the cart it names is the same.
      .map((tag) => tag.trim().replace(/^W\//, ''))
      .includes(tagOf(cart))
  );
};

const ifMatch = z.string().max(500).optional().transform(matches).meta({
  description: 'The ETag of the cart that is meant; 412 when it is another by now.',
});
export const preconditionHeaders = z.object({ 'if-match': ifMatch });

export const itemParams = z.strictObject({
  productId: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'A product id has up to 64 letters, digits, dots, dashes and underscores.')
    .meta({ example: 'prd-00001' }),
});

export const itemBody = z.strictObject({
  quantity: z.int().min(1, 'At least one; DELETE takes the product out.').max(MAX_QUANTITY),
});

export const checkoutHeaders = preconditionHeaders.extend({
  'idempotency-key': idempotencyKey('checkout'),
});

/** What is valid the order service decides; what must not even be written down is refused here. */
const token = z
  .string()
  .max(128)
  .refine((text) => !holdsCardNumber(text), 'Never send card numbers: send the payment provider’s token.');

const gateway = z.string().regex(/^[a-z]{1,32}$/, 'A gateway is named by a word, such as stripe.');

export const checkoutBody = z
  .strictObject({
    paymentMethod: token.meta({ example: 'pm_card_visa' }),
    gateway: gateway.optional(),
    fallback: z.strictObject({ gateway, paymentMethod: token }).optional(),
    quoteId: z.uuid().optional(),
  })
  .meta({ description: 'As in POST /v1/orders, without the items.' });

export const placedOrder = z.looseObject({ id: z.uuid(), total: money });
