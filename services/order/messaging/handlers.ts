import { type Handler, handler } from '@platform/libs/messaging';
import type { Erasures } from '@platform/libs/privacy';
import { z } from 'zod';
import type { Checkout } from '../application/checkout';
import type { CheckoutMessage } from '../domain/checkout';

const aboutOrder = z.object({ orderId: z.uuid() });
const aboutUser = z.object({ userId: z.string().min(1) });
const aboutPayment = aboutOrder.extend({ paymentId: z.string().min(1) });
const booked = aboutOrder.extend({
  shipmentId: z.string(),
  carrier: z.string(),
  trackingNumber: z.string(),
  estimatedDelivery: z.string().nullable(),
  cost: z.object({ amount: z.int(), currency: z.string() }),
});

/** What others tell us, by CloudEvents type. Only what is needed here is looked at. */
export const createHandlers = (checkout: Checkout, erasures: Erasures): Record<string, Handler> => {
  const on = <S extends typeof aboutOrder>(data: S, toMessage: (data: z.infer<S>) => CheckoutMessage) =>
    handler(data, (event, { client }) => checkout.react(event.data.orderId, toMessage(event.data), client));
  const about = (type: Extract<CheckoutMessage, { paymentId: string }>['type']) =>
    on(aboutPayment, ({ paymentId }) => ({ type, paymentId }));
  return {
    'inventory.stock-reserved.v1': on(aboutOrder, () => ({ type: 'StockReserved' })),
    'inventory.stock-rejected.v1': on(aboutOrder, () => ({ type: 'StockRejected' })),
    'inventory.stock-released.v1': on(aboutOrder, () => ({ type: 'StockReleased' })),
    'payment.authorised.v1': about('PaymentAuthorised'),
    'payment.captured.v1': about('PaymentCaptured'),
    'payment.capture-failed.v1': about('PaymentCaptureFailed'),
    'payment.voided.v1': about('PaymentVoided'),
    'payment.succeeded.v1': about('PaymentSucceeded'),
    'payment.declined.v1': about('PaymentDeclined'),
    'payment.failed.v1': about('PaymentFailed'),
    'shipment.booked.v1': on(booked, ({ orderId: _orderId, ...shipment }) => ({
      type: 'ShipmentBooked',
      shipment,
    })),
    'shipment.failed.v1': on(aboutOrder, () => ({ type: 'ShipmentFailed' })),
    'shipment.cancelled.v1': on(aboutOrder, () => ({ type: 'ShipmentCancelled' })),
    'user.erased.v1': handler(aboutUser, (event, { client }) => erasures.request(client, event.data.userId)),
  };
};
