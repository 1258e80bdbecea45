import { type Handler, handler } from '@platform/libs/messaging';
import type { Erasures } from '@platform/libs/privacy';
import { z } from 'zod';
import type { Checkout } from '../application/checkout';
import type { CheckoutMessage } from '../domain/checkout';

const aboutOrder = z.object({ orderId: z.uuid() });
const aboutUser = z.object({ userId: z.string().min(1) });
const aboutPayment = aboutOrder.extend({ paymentId: z.string().min(1) });

/** What others tell us, by CloudEvents type. Only what is needed here is looked at. */
export const createHandlers = (checkout: Checkout, erasures: Erasures): Record<string, Handler> => {
  const on = <S extends typeof aboutOrder>(data: S, toMessage: (data: z.infer<S>) => CheckoutMessage) =>
    handler(data, (event, { client }) => checkout.react(event.data.orderId, toMessage(event.data), client));
  return {
    'product.stock-reserved.v1': on(aboutOrder, () => ({ type: 'StockReserved' })),
    'product.stock-rejected.v1': on(aboutOrder, () => ({ type: 'StockRejected' })),
    'product.stock-released.v1': on(aboutOrder, () => ({ type: 'StockReleased' })),
    'payment.succeeded.v1': on(aboutPayment, ({ paymentId }) => ({ type: 'PaymentSucceeded', paymentId })),
    'payment.declined.v1': on(aboutPayment, ({ paymentId }) => ({ type: 'PaymentDeclined', paymentId })),
    'user.erased.v1': handler(aboutUser, (event, { client }) => erasures.request(client, event.data.userId)),
    'payment.failed.v1': on(aboutPayment, ({ paymentId }) => ({ type: 'PaymentFailed', paymentId })),
  };
};
