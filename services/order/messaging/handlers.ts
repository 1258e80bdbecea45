import { type Handler, handler } from '@platform/libs/messaging';
import { z } from 'zod';
import type { Checkout } from '../application/checkout';
import type { CheckoutMessage } from '../domain/checkout';

const aboutOrder = z.object({ orderId: z.uuid() });
const aboutPayment = aboutOrder.extend({ paymentId: z.string().min(1) });

/** What product and payment tell us, by CloudEvents type. Only what the checkout needs is looked at. */
export const createHandlers = (checkout: Checkout): Record<string, Handler> => {
  const on = <S extends typeof aboutOrder>(data: S, toMessage: (data: z.infer<S>) => CheckoutMessage) =>
    handler(data, (event, { client }) => checkout.react(event.data.orderId, toMessage(event.data), client));
  return {
    'product.stock-reserved.v1': on(aboutOrder, () => ({ type: 'StockReserved' })),
    'product.stock-rejected.v1': on(aboutOrder, () => ({ type: 'StockRejected' })),
    'product.stock-released.v1': on(aboutOrder, () => ({ type: 'StockReleased' })),
    'payment.succeeded.v1': on(aboutPayment, ({ paymentId }) => ({ type: 'PaymentSucceeded', paymentId })),
    'payment.declined.v1': on(aboutPayment, ({ paymentId }) => ({ type: 'PaymentDeclined', paymentId })),
    'payment.failed.v1': on(aboutPayment, ({ paymentId }) => ({ type: 'PaymentFailed', paymentId })),
  };
};
