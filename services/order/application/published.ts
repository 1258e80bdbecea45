import type { Contracts, Published } from '@platform/libs/messaging';
import { z } from 'zod';
import { GATEWAYS } from '../domain/payment-methods';

const aboutOrder = z.object({ orderId: z.uuid() });
const money = z.object({ amount: z.int().nonnegative(), currency: z.string().regex(/^[A-Z]{3}$/) });
const quantity = z.int().positive();
const gateway = z.enum(GATEWAYS);
const payment = aboutOrder.extend({
  customerId: z.string().min(1),
  amount: money.extend({ amount: z.int().positive() }),
  paymentMethod: z.string().min(1),
});

/** What others hear of orders. Committed in published.json (`npx platform events schemas --write`), which refuses what would break them. */
export const published = {
  'order.placed.v1': aboutOrder.extend({
    customerId: z.string().min(1),
    items: z.array(z.object({ productId: z.string(), quantity, unitPrice: money })),
    shippingCost: money.optional(),
    total: money,
  }),
  'order.stock-reservation-requested.v1': aboutOrder.extend({
    items: z.array(z.object({ productId: z.string(), quantity })),
  }),
  'order.stock-release-requested.v1': aboutOrder,
  // Only of orders that a version before began: authorised and captured in one.
  'order.payment-requested.v1': payment,
  'order.payment-authorisation-requested.v1': payment.extend({
    gateway: gateway.optional(),
    fallback: z.object({ gateway, paymentMethod: z.string().min(1) }).optional(),
  }),
  'order.payment-capture-requested.v1': aboutOrder,
  'order.payment-void-requested.v1': aboutOrder,
  'order.shipment-requested.v1': aboutOrder.extend({ customerId: z.string().min(1), quoteId: z.uuid() }),
  'order.shipment-cancellation-requested.v1': aboutOrder,
  'order.confirmed.v1': aboutOrder,
  'order.cancelled.v1': aboutOrder.extend({ reason: z.string() }),
} satisfies Contracts;

export type Message = Published<typeof published>;
