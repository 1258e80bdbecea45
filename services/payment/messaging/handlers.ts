import { type Handler, handler } from '@platform/libs/messaging';
import type { Erasures } from '@platform/libs/privacy';
import { z } from 'zod';
import type { Payments } from '../application/payments';

const paymentRequested = z.object({
  orderId: z.uuid(),
  customerId: z.string().min(1),
  amount: z.object({ amount: z.int().positive(), currency: z.string().regex(/^[A-Z]{3}$/) }),
  paymentMethod: z.string().min(1),
});

const userErased = z.object({ userId: z.string().min(1) });

export const createHandlers = (payments: Payments, erasures: Erasures): Record<string, Handler> => ({
  'user.erased.v1': handler(userErased, (event, { client }) => erasures.request(client, event.data.userId)),
  'order.payment-requested.v1': handler(paymentRequested, (event, { client }) => {
    const { orderId, customerId, amount, paymentMethod } = event.data;
    return payments.request({ orderId, customerId, amount, paymentMethod }, client);
  }),
});
