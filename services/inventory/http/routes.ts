import { notFound, type Route, type RouteAnswer, route } from '@platform/libs/http';
import { fingerprint } from '@platform/libs/idempotency';
import type { ItemStore } from '../application/ports';
import type { Item } from '../domain/stock';
import { inventoryProblem, preconditionRequired } from './problems';
import {
  adjustmentBody,
  adjustmentHeaders,
  basisHeaders,
  basisOf,
  countBody,
  etagOf,
  item,
  itemPage,
  itemParams,
  listQuery,
  toPage,
  viewOf,
} from './schemas';

export interface InventoryRoutesDeps {
  items: Pick<ItemStore, 'find' | 'list' | 'put' | 'adjust'>;
}

const guarded = {
  401: { description: 'No valid access token.' },
  403: { description: 'The access token does not allow this.' },
};
const none = (productId: string) =>
  notFound(`There is no stock of '${productId}'. PUT with If-None-Match: * begins it.`);
const shown = (found: Item, status = 200): RouteAnswer => ({
  ...{ status, headers: { ETag: etagOf(found) }, body: viewOf(found) },
});

export const inventoryRoutes = ({ items }: InventoryRoutesDeps): Route[] => [
  route({
    method: 'get',
    path: '/v1/inventory',
    summary: 'List what is in stock, by product id',
    scope: 'inventory:read',
    query: listQuery,
    responses: { 200: { description: 'A page of items.', schema: itemPage }, ...guarded },
    async handle({ query: { limit, lowStock, cursor } }) {
      const found = await items.list({ limit: limit + 1, low: lowStock === 'true', after: cursor });
      return { body: toPage(found, limit) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/inventory/:productId',
    summary: 'Look at the stock of a product',
    scope: 'inventory:read',
    params: itemParams,
    responses: {
      200: { description: 'The item, with an ETag to change it by.', schema: item },
      ...guarded,
      404: { description: 'There is no stock of this product.' },
    },
    async handle({ params: { productId } }) {
      const found = await items.find(productId);
      if (!found) throw none(productId);
      return shown(found);
    },
  }),
  route({
    method: 'put',
    path: '/v1/inventory/:productId',
    summary: 'Write down what was counted, and when stock counts as low',
    description:
      'If-Match carries the ETag of the item as it was read, so that no change in between is lost; If-None-Match: * begins a new item.',
    scope: 'inventory:write',
    params: itemParams,
    headers: basisHeaders,
    body: countBody,
    responses: {
      200: { description: 'The item as it is now.', schema: item },
      201: { description: 'The new item.', schema: item },
      ...guarded,
      409: { description: 'Less than is held for orders.' },
      412: { description: 'It is not what the count was made on; the answer says what to do.' },
      428: { description: 'Neither If-Match nor If-None-Match was sent.' },
    },
    async handle({ params: { productId }, headers, body }) {
      const basis = basisOf(headers);
      if (!basis) throw preconditionRequired();
      try {
        return shown(await items.put(productId, body, basis), basis.kind === 'new' ? 201 : 200);
      } catch (error) {
        throw inventoryProblem(error);
      }
    },
  }),
  route({
    method: 'post',
    path: '/v1/inventory/:productId/adjustments',
    summary: 'Add what came, or take away what went',
    description:
      'For returns, deliveries and losses. The same request with the same Idempotency-Key changes the stock once and gets the same answer.',
    scope: 'inventory:write',
    params: itemParams,
    headers: adjustmentHeaders,
    body: adjustmentBody,
    responses: {
      200: { description: 'The item as it was after the change.', schema: item },
      ...guarded,
      404: { description: 'There is no stock of this product.' },
      409: { description: 'Less than is held for orders.' },
      422: { description: 'The Idempotency-Key was used for a different request.' },
    },
    async handle({ params: { productId }, headers, body, principal }) {
      const { change, reason } = body;
      try {
        const found = await items.adjust({
          ...{ actorId: principal.id, key: headers['idempotency-key'], productId, change, reason },
          requestHash: fingerprint([productId, change, reason]),
        });
        if (!found) throw none(productId);
        return shown(found);
      } catch (error) {
        throw inventoryProblem(error);
      }
    },
  }),
];
