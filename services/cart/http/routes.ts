import { type Route, type RouteAnswer, route } from '@platform/libs/http';
import type { CheckoutRequest } from '../application/checkout';
import type { Editing } from '../application/editing';
import type { PersonalData, PlacedOrder } from '../application/ports';
import type { Cart } from '../domain/cart';
import { cartProblem, checkoutProblem } from './problems';
import {
  cartView,
  checkoutBody,
  checkoutHeaders,
  itemBody,
  itemParams,
  personalCart,
  placedOrder,
  preconditionHeaders,
  tagOf,
  viewOf,
} from './schemas';

export interface CartRoutesDeps {
  editing: Editing;
  checkOut: (request: CheckoutRequest) => Promise<PlacedOrder>;
  personalData: PersonalData;
}

const guarded = {
  401: { description: 'No valid access token.' },
  403: { description: 'The access token does not allow this.' },
};
const changing = {
  400: { description: 'The request is not valid.' },
  ...guarded,
  412: { description: 'If-Match names another cart than there is by now.' },
};

const answer = (cart: Cart | undefined): RouteAnswer => ({
  headers: { ETag: tagOf(cart), 'cache-control': 'no-store' },
  body: viewOf(cart),
});
const told =
  (problem: (error: unknown) => unknown) =>
  async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw problem(error);
    }
  };
const changed = told(cartProblem);
const checkedOut = told(checkoutProblem);

export const cartRoutes = ({ editing, checkOut, personalData }: CartRoutesDeps): Route[] => [
  route({
    method: 'get',
    path: '/v1/cart',
    summary: 'Look at my cart',
    scope: 'cart:read',
    responses: { 200: { description: 'The cart; its ETag is for If-Match.', schema: cartView }, ...guarded },
    async handle({ principal }) {
      return answer(await editing.find(principal.id));
    },
  }),
  route({
    method: 'get',
    path: '/v1/cart/personal-data',
    summary: 'Everything kept about me here',
    scope: 'cart:read',
    responses: { 200: { description: 'The cart and its checkouts.', schema: personalCart }, ...guarded },
    async handle({ principal }) {
      return { headers: { 'cache-control': 'no-store' }, body: await personalData(principal.id) };
    },
  }),
  route({
    method: 'put',
    path: '/v1/cart/items/:productId',
    summary: 'Set how many of a product are in my cart',
    description: 'At today’s price. Sent twice it is the same as once: the product is the key.',
    scope: 'cart:write',
    params: itemParams,
    headers: preconditionHeaders,
    body: itemBody,
    responses: {
      200: { description: 'The cart as it is now.', schema: cartView },
      ...changing,
      422: { description: 'The product is unknown or cannot be bought, or the cart is full.' },
      503: { description: 'Products cannot be looked at at the moment; nothing was changed.' },
    },
    async handle({ params: { productId }, body: { quantity }, headers, principal }) {
      return answer(await changed(editing.put(principal.id, { productId, quantity }, headers['if-match'])));
    },
  }),
  route({
    method: 'delete',
    path: '/v1/cart/items/:productId',
    summary: 'Take a product out of my cart',
    scope: 'cart:write',
    params: itemParams,
    headers: preconditionHeaders,
    responses: { 200: { description: 'The cart as it is now.', schema: cartView }, ...changing },
    async handle({ params: { productId }, headers, principal }) {
      return answer(await changed(editing.remove(principal.id, productId, headers['if-match'])));
    },
  }),
  route({
    method: 'delete',
    path: '/v1/cart',
    summary: 'Empty my cart',
    scope: 'cart:write',
    headers: preconditionHeaders,
    responses: { 200: { description: 'The cart, empty.', schema: cartView }, ...changing },
    async handle({ headers, principal }) {
      return answer(await changed(editing.clear(principal.id, headers['if-match'])));
    },
  }),
  route({
    method: 'post',
    path: '/v1/cart/checkout',
    summary: 'Order what is in my cart',
    description:
      'Prices and stock are looked at anew. Where they are as they were seen, the order is placed as by POST /v1/orders (the token needs ' +
      'orders:write, and shipments:read with a quoteId) and what was ordered leaves the cart. The same request with the same ' +
      'Idempotency-Key is one order, with one answer.',
    scope: 'cart:write',
    headers: checkoutHeaders,
    body: checkoutBody,
    responses: {
      202: { description: 'Ordered; look at Location.', schema: placedOrder },
      ...changing,
      409: {
        description:
          'Nothing was ordered: prices or stock differ (`differences`), or an earlier checkout had gone through (`orderId`).',
      },
      422: {
        description:
          'The cart is empty or in several currencies, the order was refused, or the Idempotency-Key was used for a different checkout.',
      },
      503: { description: 'Try again with the same key; it is ordered once.' },
    },
    async handle({ body, headers, principal, request }) {
      const placed = await checkedOut(
        checkOut({
          customerId: principal.id,
          authorization: request.headers.authorization ?? '',
          key: headers['idempotency-key'],
          choices: body,
          fits: headers['if-match'],
        }),
      );
      return {
        status: 202,
        headers: { Location: `/v1/orders/${placed.id}`, 'cache-control': 'no-store' },
        body: placed,
      };
    },
  }),
];
