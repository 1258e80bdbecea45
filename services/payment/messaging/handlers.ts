import { type Handler, handler } from '@platform/libs/messaging';
import type { Erasures } from '@platform/libs/privacy';
import { holdsCardNumber } from '@platform/libs/telemetry';
import { z } from 'zod';
import type { Payments } from '../application/payments';
import { GATEWAYS } from '../application/ports';
import type { CaptureMode, Method } from '../domain/payment';

const money = z.object({ amount: z.int().positive(), currency: z.string().regex(/^[A-Z]{3}$/) });
const gateway = z.enum(GATEWAYS);
const aboutOrder = z.object({ orderId: z.uuid() });

const paymentRequested = aboutOrder.extend({
  customerId: z.string().min(1),
  amount: money,
  /** The gateway's token for the customer's card. */
  paymentMethod: z.string().min(1),
  /** The preferred one; Stripe unless named. */
  gateway: gateway.optional(),
  /** Where to go when the preferred one cannot take it. Its token is another one. */
  fallback: z.object({ gateway, paymentMethod: z.string().min(1) }).optional(),
});

const refundRequested = aboutOrder.extend({
  /** The asker's: the same refund has the same. */
  refundId: z.uuid(),
  /** All that is left, unless told. */
  amount: money.optional(),
  reason: z.string().max(200).optional(),
});

const userErased = z.object({ userId: z.string().min(1) });

/** A card number is refused and never written down; what is kept in its place says so. */
const methodsOf = ({
  gateway: preferred = 'stripe',
  paymentMethod,
  fallback,
}: z.infer<typeof paymentRequested>) => {
  const methods: Method[] = [{ gateway: preferred, paymentMethod }];
  if (fallback && fallback.gateway !== preferred) methods.push(fallback);
  if (!methods.some((method) => holdsCardNumber(method.paymentMethod))) return { methods };
  return { methods: [{ gateway: preferred, paymentMethod: 'refused' }], refusal: 'card_number_refused' };
};

export const createHandlers = (payments: Payments, erasures: Erasures): Record<string, Handler> => {
  const pay = (capture: CaptureMode) =>
    handler(paymentRequested, (event, { client }) => {
      const { orderId, customerId, amount } = event.data;
      return payments.request({ orderId, customerId, amount, capture, ...methodsOf(event.data) }, client);
    });
  return {
    'user.erased.v1': handler(userErased, (event, { client }) => erasures.request(client, event.data.userId)),
    'order.payment-requested.v1': pay('at_once'),
    'order.payment-authorisation-requested.v1': pay('on_request'),
    'order.payment-capture-requested.v1': handler(aboutOrder, (event, { client }) =>
      payments.requestCapture(event.data.orderId, client),
    ),
    'order.payment-void-requested.v1': handler(aboutOrder, (event, { client }) =>
      payments.requestVoid(event.data.orderId, client),
    ),
    'order.payment-refund-requested.v1': handler(refundRequested, (event, { client }) => {
      const { orderId, ...request } = event.data;
      return payments.requestOrdersRefund(orderId, request, client);
    }),
  };
};
