import { pageQuery } from '@platform/libs/http';
import { idempotencyKey } from '@platform/libs/idempotency';
import { z } from 'zod';
import { MAX_LINES, MAX_QUANTITY } from '../domain/cart';
import { GATEWAYS, type Gateway } from '../domain/payment-methods';

const money = z
  .object({
    amount: z.int().meta({ description: 'Minor units (cents for EUR).', example: 1999 }),
    currency: z.string().meta({ description: 'ISO 4217.', example: 'EUR' }),
  })
  .meta({ id: 'Money' });

/** Below what proxies on the way wait for an answer. */
const MAX_WAIT_SECONDS = 10;

const gateway = z.enum(GATEWAYS);

/** What each gateway's tokens look like; a card number is none of them. */
const tokenOf: Record<Gateway, RegExp> = {
  stripe: /^pm_\w{1,100}$/,
  paypal: /^(paypal:)?(?=.*[a-z_])[\w-]{1,100}$/i,
  square: /^(cnon|ccof):[\w-]{1,100}$/,
};
const token = z
  .string()
  .max(128)
  .refine((text) => Object.values(tokenOf).some((shape) => shape.test(text)), {
    error: "A payment method is the payment provider's token, 'pm_…' of Stripe's; never send card numbers.",
  });

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
    paymentMethod: token.meta({ example: 'pm_card_visa' }),
    gateway: gateway.optional().meta({ description: "Whose token that is; Stripe's unless named." }),
    fallback: z.strictObject({ gateway, paymentMethod: token }).optional().meta({
      description:
        'Where to go when the first gateway certainly could not take the payment. A decline is final.',
    }),
    quoteId: z.uuid().optional().meta({
      description:
        'The carrier’s offer to ship by (`POST /v1/shipping/quotes`); what it costs is added. Without one nothing is shipped.',
    }),
    expectedTotal: z
      .strictObject({ amount: z.int().min(1), currency: z.string().regex(/^[A-Z]{3}$/) })
      .optional()
      .meta({
        description:
          'What the items may cost: 409 when they would cost anything else by now. An offer’s price stays what it is.',
      }),
  })
  .superRefine(({ gateway: chosen = 'stripe', paymentMethod, fallback }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (!tokenOf[chosen].test(paymentMethod)) refuse(['paymentMethod'], `No payment method of ${chosen}.`);
    if (!fallback) return;
    if (fallback.gateway === chosen) refuse(['fallback', 'gateway'], 'It has to be another gateway.');
    if (!tokenOf[fallback.gateway].test(fallback.paymentMethod))
      refuse(['fallback', 'paymentMethod'], `No payment method of ${fallback.gateway}.`);
  })
  .meta({ id: 'NewOrder' });

export const placeOrderHeaders = z.object({
  'idempotency-key': idempotencyKey('order'),
});

export const orderParams = z.strictObject({ id: z.uuid() });

/** RFC 7240. What is preferred and not known here is left alone. */
export const lookHeaders = z.object({
  prefer: z
    .string()
    .optional()
    .meta({
      description: `\`wait=N\`: answer when the order is settled, or after N seconds (${MAX_WAIT_SECONDS} at most).`,
      example: 'wait=10',
    }),
});

export const waitOf = (prefer = ''): number =>
  Math.min(Number(/(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})/i.exec(prefer)?.[1] ?? 0), MAX_WAIT_SECONDS);

export const listQuery = z.strictObject({
  ...pageQuery(z.uuid('Use nextCursor of the page before.')),
});

export const order = z
  .object({
    id: z.uuid(),
    status: z.enum(['pending', 'confirmed', 'cancelled']),
    cancellationReason: z
      .enum([
        ...([
          'out_of_stock',
          'stock_timeout',
          'payment_declined',
          'payment_failed',
          'payment_timeout',
        ] as const),
        ...(['capture_failed', 'shipment_failed', 'shipment_timeout', 'customer_cancelled'] as const),
      ])
      .optional(),
    items: z.array(z.object({ productId: z.string(), quantity: z.int(), unitPrice: money })),
    shippingCost: money.optional().meta({ description: 'Part of the total.' }),
    total: money,
    paymentId: z.uuid().optional(),
    shipment: z
      .object({
        shipmentId: z.uuid(),
        carrier: z.string(),
        trackingNumber: z.string(),
        estimatedDelivery: z.iso.date().nullable(),
        cost: money,
      })
      .optional(),
    outstanding: z
      .array(z.enum(['shipment', 'payment', 'stock']))
      .optional()
      .meta({
        description: 'Of a cancelled order: what is not yet known to be undone. It is being asked for.',
      }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Order' });

export const orderPage = z
  .object({ items: z.array(order), nextCursor: z.string().nullable() })
  .meta({ id: 'OrderPage' });
