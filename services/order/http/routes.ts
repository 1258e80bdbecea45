import { demandScope, notFound, pageOf, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import type { Checkout } from '../application/checkout';
import type { createPlaceOrder } from '../application/placeOrder';
import type { OrderStore, PersonalData } from '../application/ports';
import type { Waiting } from '../application/waiting';
import { orderProblem, tooLate } from './problems';
import {
  listQuery,
  lookHeaders,
  order,
  orderPage,
  orderParams,
  placeOrderBody,
  placeOrderHeaders,
  waitOf,
} from './schemas';

export interface OrderRoutesDeps {
  placeOrder: ReturnType<typeof createPlaceOrder>;
  callOff: Checkout['callOff'];
  store: Pick<OrderStore, 'find' | 'list'>;
  personalData: PersonalData;
  waiting: Pick<Waiting, 'untilSettled'>;
}

export const orderRoutes = ({
  placeOrder,
  callOff,
  store,
  personalData,
  waiting,
}: OrderRoutesDeps): Route[] => [
  route({
    method: 'post',
    path: '/v1/orders',
    summary: 'Place an order',
    description:
      'Accepted at once, decided in a moment: look at Location until the status is confirmed or cancelled. The same request with the same ' +
      'Idempotency-Key is one order, with one answer.',
    scope: 'orders:write',
    headers: placeOrderHeaders,
    body: placeOrderBody,
    responses: {
      202: { description: 'Accepted; the order is pending.', schema: order },
      400: { description: 'The request is not valid.' },
      401: { description: 'No valid access token.' },
      403: { description: 'The access token does not allow this.' },
      409: { description: 'The items would cost something else than `expectedTotal`; nothing was ordered.' },
      422: {
        description:
          'A product or the offer is unknown, or the Idempotency-Key was used for a different order.',
      },
      503: { description: 'Prices cannot be fetched at the moment; nothing was stored.' },
    },
    async handle({ body, headers, principal, request }) {
      // The offer is looked at with the customer's own token.
      if (body.quoteId !== undefined) demandScope(principal, 'shipments:read');
      try {
        const { order: placed } = await placeOrder({
          customerId: principal.id,
          authorization: request.headers.authorization ?? '',
          idempotencyKey: headers['idempotency-key'],
          ...body,
        });
        return { status: 202, headers: { Location: `/v1/orders/${placed.id}` }, body: placed };
      } catch (error) {
        throw orderProblem(error);
      }
    },
  }),
  // Before '/v1/orders/:id', which would take it for an id.
  route({
    method: 'get',
    path: '/v1/orders/personal-data',
    summary: 'Everything kept about me here',
    scope: 'orders:read',
    responses: {
      200: {
        description: 'All orders, oldest first.',
        schema: z.object({ orders: z.array(order.extend({ paymentMethod: z.string().nullable() })) }),
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
    path: '/v1/orders/:id',
    summary: 'Look at an order of mine',
    description:
      'With `Prefer: wait=10` it is answered once the order is settled: no need to ask again and again.',
    scope: 'orders:read',
    params: orderParams,
    headers: lookHeaders,
    responses: {
      200: { description: 'The order.', schema: order },
      401: { description: 'No valid access token.' },
      403: { description: 'The access token does not allow this.' },
      404: { description: 'There is no such order of yours.' },
    },
    async handle({ params, headers: { prefer }, principal }) {
      const seconds = waitOf(prefer);
      const look = () => store.find(params.id, principal.id);
      const { order: found, waitedMs } = await waiting.untilSettled(params.id, seconds * 1000, look);
      if (!found) throw notFound('There is no such order of yours.');
      // Not where too many wait already.
      const isApplied = seconds > 0 && (found.status !== 'pending' || waitedMs > 0);
      const headers = isApplied ? { 'Preference-Applied': `wait=${seconds}` } : undefined;
      return { body: found, headers, waitedMs };
    },
  }),
  route({
    method: 'post',
    path: '/v1/orders/:id/cancellation',
    summary: 'Call an order of mine off',
    description:
      'Possible until its payment is captured; what was done for it is undone first. Sent twice it is done once: the order is the key.',
    scope: 'orders:write',
    params: orderParams,
    responses: {
      202: { description: 'It is being cancelled, or is cancelled; look at Location.', schema: order },
      401: { description: 'No valid access token.' },
      403: { description: 'The access token does not allow this.' },
      404: { description: 'There is no such order of yours.' },
      409: { description: 'It is paid; ask for your money back instead.' },
    },
    async handle({ params, principal }) {
      if (!(await store.find(params.id, principal.id))) throw notFound('There is no such order of yours.');
      if (!(await callOff(params.id))) throw tooLate();
      const found = await store.find(params.id, principal.id);
      return { status: 202, headers: { Location: `/v1/orders/${params.id}` }, body: found! };
    },
  }),
  route({
    method: 'get',
    path: '/v1/orders',
    summary: 'List my orders, newest first',
    scope: 'orders:read',
    query: listQuery,
    responses: {
      200: { description: 'A page of orders.', schema: orderPage },
      401: { description: 'No valid access token.' },
      403: { description: 'The access token does not allow this.' },
    },
    async handle({ query, principal }) {
      const found = await store.list(principal.id, query.limit + 1, query.cursor);
      return { body: pageOf(found, query.limit, ({ id }) => id) };
    },
  }),
];
