import { notFound, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import type { PaymentStore, PersonalData } from '../application/ports';
import { type RefundRoutesDeps, refundRoutes } from './refund-routes';
import { money } from './schemas';
import { type WebhookRoutesDeps, webhookRoutes } from './webhook-routes';

export interface PaymentRoutesDeps extends Pick<WebhookRoutesDeps, 'notifications'> {
  payments: RefundRoutesDeps['payments'] & WebhookRoutesDeps['payments'];
  store: Pick<PaymentStore, 'find' | 'findByOrder' | 'load'>;
  personalData: PersonalData;
}

const payment = z
  .object({
    id: z.uuid(),
    orderId: z.uuid(),
    status: z.enum(['pending', 'authorised', 'succeeded', 'declined', 'failed', 'voided', 'refunded']),
    amount: money,
    gateway: z.string(),
    transactionId: z.string().optional(),
    reason: z.string().optional(),
    refunded: money.optional().meta({ description: 'What was given back so far.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Payment' });

const none = () => notFound('There is no such payment of yours.');

export const paymentRoutes = ({ store, personalData, ...deps }: PaymentRoutesDeps): Route[] => [
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
  ...refundRoutes({ store, ...deps }),
  ...webhookRoutes(deps),
];
