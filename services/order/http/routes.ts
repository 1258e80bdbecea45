import { notFound, type Route, route } from '@platform/libs/http';
import type { createPlaceOrder } from '../application/placeOrder';
import type { OrderStore } from '../application/ports';
import { orderProblem } from './problems';
import {
  listQuery,
  order,
  orderPage,
  orderParams,
  placeOrderBody,
  placeOrderHeaders,
  toPage,
} from './schemas';

export interface OrderRoutesDeps {
  placeOrder: ReturnType<typeof createPlaceOrder>;
  store: Pick<OrderStore, 'find' | 'list'>;
}

export const orderRoutes = ({ placeOrder, store }: OrderRoutesDeps): Route[] => [
  route({
    method: 'post',
    path: '/v1/orders',
    summary: 'Place an order',
    description:
      'Accepted at once, decided in a moment: look at Location until the status is confirmed or cancelled. The same request with the same ' +
      'Idempotency-Key is one order, with one answer.',
    auth: true,
    headers: placeOrderHeaders,
    body: placeOrderBody,
    responses: {
      202: { description: 'Accepted; the order is pending.', schema: order },
      400: { description: 'The request is not valid.' },
      401: { description: 'No valid access token.' },
      422: { description: 'A product is unknown, or the Idempotency-Key was used for a different order.' },
      503: { description: 'Prices cannot be fetched at the moment; nothing was stored.' },
    },
    async handle({ body, headers, principal }) {
      try {
        const { order: placed } = await placeOrder({
          customerId: principal.id,
          idempotencyKey: headers['idempotency-key'],
          ...body,
        });
        return { status: 202, headers: { Location: `/v1/orders/${placed.id}` }, body: placed };
      } catch (error) {
        throw orderProblem(error);
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/orders/:id',
    summary: 'Look at an order of mine',
    auth: true,
    params: orderParams,
    responses: {
      200: { description: 'The order.', schema: order },
      401: { description: 'No valid access token.' },
      404: { description: 'There is no such order of yours.' },
    },
    async handle({ params, principal }) {
      const found = await store.find(params.id, principal.id);
      if (!found) throw notFound('There is no such order of yours.');
      return { body: found };
    },
  }),
  route({
    method: 'get',
    path: '/v1/orders',
    summary: 'List my orders, newest first',
    auth: true,
    query: listQuery,
    responses: {
      200: { description: 'A page of orders.', schema: orderPage },
      401: { description: 'No valid access token.' },
    },
    async handle({ query, principal }) {
      return { body: toPage(await store.list(principal.id, query.limit + 1, query.cursor), query.limit) };
    },
  }),
];
