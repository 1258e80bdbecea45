import type { Contracts, Published } from '@platform/libs/messaging';
import { z } from 'zod';

const aboutOrder = z.object({ orderId: z.uuid() });
const money = z.object({ amount: z.int().nonnegative(), currency: z.string().regex(/^[A-Z]{3}$/) });
const quantity = z.int().positive();

/** What others hear of orders. Committed in published.json (`npx platform events schemas --write`), which refuses what would break them. */
export const published = {
  'order.placed.v1': aboutOrder.extend({
    customerId: z.string().min(1),
    items: z.array(z.object({ productId: z.string(), quantity, unitPrice: money })),
    total: money,
  }),
  'order.stock-reservation-requested.v1': aboutOrder.extend({
    items: z.array(z.object({ productId: z.string(), quantity })),
  }),
  'order.stock-release-requested.v1': aboutOrder,
  'order.payment-requested.v1': aboutOrder.extend({
    customerId: z.string().min(1),
    amount: money.extend({ amount: z.int().positive() }),
    paymentMethod: z.string().min(1),
  }),
  'order.confirmed.v1': aboutOrder,
  'order.cancelled.v1': aboutOrder.extend({ reason: z.string() }),
} satisfies Contracts;

export type Message = Published<typeof published>;
