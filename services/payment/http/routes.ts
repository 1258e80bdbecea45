import { notFound, Problem, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import type { Payments } from '../application/payments';
import {
  type NotificationReader,
  NotificationRefused,
  type PaymentStore,
  type PersonalData,
} from '../application/ports';

export interface PaymentRoutesDeps {
  store: Pick<PaymentStore, 'find' | 'findByOrder'>;
  payments: Pick<Payments, 'notified'>;
  notifications: NotificationReader;
  personalData: PersonalData;
}

const payment = z
  .object({
    id: z.uuid(),
    orderId: z.uuid(),
    status: z.enum(['pending', 'succeeded', 'declined', 'failed', 'refunded']),
    amount: z.object({
      amount: z.int().meta({ description: 'Minor units (cents for EUR).' }),
      currency: z.string().meta({ description: 'ISO 4217.' }),
    }),
    gateway: z.string(),
    transactionId: z.string().optional(),
    reason: z.string().optional(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Payment' });

const none = () => notFound('There is no such payment of yours.');

export const paymentRoutes = ({
  store,
  payments,
  notifications,
  personalData,
}: PaymentRoutesDeps): Route[] => [
  route({
    method: 'get',
    path: '/v1/payments',
    summary: 'List the payments of an order of mine',
    description: 'Empty while none was asked for, and for orders of others.',
    scope: 'payments:read',
    query: z.strictObject({ orderId: z.uuid() }),
    responses: {
      200: { description: 'The payments.', schema: z.object({ items: z.array(payment) }) },
      401: { description: 'No valid access token.' },
      403: { description: 'The access token does not allow this.' },
    },
    async handle({ query, principal }) {
      const found = await store.findByOrder(query.orderId, principal.id);
      return { body: { items: found ? [found] : [] } };
    },
  }),
  // Before '/v1/payments/:id', which would take it for an id.
  route({
    method: 'get',
    path: '/v1/payments/personal-data',
    summary: 'Everything kept about me here',
    scope: 'payments:read',
    responses: {
      200: {
        description: 'All payments, oldest first.',
        schema: z.object({ payments: z.array(payment.extend({ paymentMethod: z.string().nullable() })) }),
      },
      401: { description: 'No valid access token.' },
      403: { description: 'The access token does not allow this.' },
    },
    async handle({ principal }) {
      return { headers: { 'cache-control': 'no-store' }, body: await personalData(principal.id) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/payments/:id',
    summary: 'Look at a payment of mine',
    scope: 'payments:read',
    params: z.strictObject({ id: z.uuid() }),
    responses: {
      200: { description: 'The payment.', schema: payment },
      401: { description: 'No valid access token.' },
      403: { description: 'The access token does not allow this.' },
      404: { description: 'There is no such payment of yours.' },
    },
    async handle({ params, principal }) {
      const found = await store.find(params.id, principal.id);
      if (!found) throw none();
      return { body: found };
    },
  }),
  route({
    method: 'post',
    path: '/v1/webhooks/stripe',
    summary: 'For Stripe: what became of a charge',
    description:
      'Signed by Stripe (Stripe-Signature). Each event is handled once; repeated ones are acknowledged.',
    rawBody: true,
    headers: z.object({
      'stripe-signature': z.string({ error: 'Send the header Stripe-Signature.' }).max(2000),
    }),
    responses: {
      200: { description: 'Taken in.', schema: z.object({ received: z.literal(true) }) },
      400: { description: 'Not signed by Stripe, or too old.' },
    },
    async handle({ raw, headers, logger }) {
      try {
        const notification = notifications.read(raw, headers['stripe-signature']);
        const first = await payments.notified(notification);
        if (!first) logger.info({ eventId: notification.eventId }, 'a notification came again');
        return { body: { received: true } };
      } catch (error) {
        if (!(error instanceof NotificationRefused)) throw error;
        throw new Problem(400, { code: 'signature-refused', detail: error.message, cause: error });
      }
    },
  }),
];
