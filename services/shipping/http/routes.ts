import { notFound, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import type { PersonalData, QuoteStore, ShipmentStore, TrackingStore } from '../application/ports';
import type { Quoting } from '../application/quoting';
import { quotesProblem } from './problems';
import {
  address,
  byOrder,
  byParcel,
  byQuote,
  idParams,
  keyHeader,
  quotes,
  quotesBody,
  shipment,
  trackingEvents,
} from './schemas';

export interface ShippingRoutesDeps {
  quoting: Quoting;
  quoteStore: Pick<QuoteStore, 'find' | 'findQuote'>;
  store: Pick<ShipmentStore, 'find' | 'findByOrder' | 'findLabel'>;
  tracking: Pick<TrackingStore, 'list'>;
  personalData: PersonalData;
}

const guarded = {
  401: { description: 'No valid access token.' },
  403: { description: 'The access token does not allow this.' },
};
const none = () => notFound('There is no such shipment of yours.');

export const shippingRoutes = ({
  quoting,
  quoteStore,
  store,
  tracking,
  personalData,
}: ShippingRoutesDeps): Route[] => [
  route({
    method: 'post',
    path: '/v1/shipping/quotes',
    summary: 'Ask all carriers what they would charge',
    description:
      'All at once, each for two seconds at most; one that makes no offer in time is named with the reason. The same request with the same ' +
      'Idempotency-Key gets the same answer.',
    scope: 'shipments:write',
    headers: keyHeader,
    body: quotesBody,
    responses: {
      201: { description: 'What was offered.', schema: quotes },
      400: { description: 'The request is not valid.' },
      ...guarded,
      422: {
        description: 'Nothing can be sent there, or the Idempotency-Key was used for a different request.',
      },
      503: { description: 'No carrier can be asked at the moment; nothing was stored.' },
    },
    async handle({ body, headers, principal }) {
      try {
        const { answer } = await quoting({
          customerId: principal.id,
          idempotencyKey: headers['idempotency-key'],
          ...body,
        });
        return { status: 201, headers: { Location: `/v1/shipping/quotes/${answer.id}` }, body: answer };
      } catch (error) {
        throw quotesProblem(error);
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/shipping/quotes',
    summary: 'Look at what was offered to me together with a quote',
    description: 'Empty for a quote of somebody else, or one that is no good any more and forgotten.',
    scope: 'shipments:read',
    query: byQuote,
    responses: {
      200: { description: 'The quotes it is among.', schema: z.object({ items: z.array(quotes) }) },
      ...guarded,
    },
    async handle({ query, principal }) {
      const found = await quoteStore.findQuote(query.quoteId);
      return { body: { items: found?.request.customerId === principal.id ? [found.answer] : [] } };
    },
  }),
  route({
    method: 'get',
    path: '/v1/shipping/quotes/:id',
    summary: 'Look at quotes of mine, with what they are for',
    scope: 'shipments:read',
    params: idParams,
    responses: {
      200: {
        description: 'The quotes.',
        schema: quotes.extend({ address, items: quotesBody.shape.items }),
      },
      ...guarded,
      404: { description: 'There are no such quotes of yours.' },
    },
    async handle({ params, principal }) {
      const found = await quoteStore.find(params.id, principal.id);
      if (!found) throw notFound('There are no such quotes of yours.');
      const { answer, request } = found;
      return { body: { ...answer, address: request.address, items: request.items } };
    },
  }),
  route({
    method: 'get',
    path: '/v1/shipments',
    summary: 'List the shipments of an order of mine',
    description: 'Empty while none was asked for, and for orders of others.',
    scope: 'shipments:read',
    query: byOrder,
    responses: {
      200: { description: 'The shipments.', schema: z.object({ items: z.array(shipment) }) },
      ...guarded,
    },
    async handle({ query, principal }) {
      const found = await store.findByOrder(query.orderId, principal.id);
      return { body: { items: found ? [found] : [] } };
    },
  }),
  // Before '/v1/shipments/:id', which would take it for an id.
  route({
    method: 'get',
    path: '/v1/shipments/personal-data',
    summary: 'Everything kept about me here',
    scope: 'shipments:read',
    responses: {
      200: {
        description: 'All shipments and the addresses quotes were asked for, oldest first.',
        schema: z.object({
          shipments: z.array(shipment),
          quotes: z.array(z.object({ id: z.uuid(), address, createdAt: z.iso.datetime() })),
        }),
      },
      ...guarded,
    },
    async handle({ principal }) {
      return { headers: { 'cache-control': 'no-store' }, body: await personalData(principal.id) };
    },
  }),
  route({
    method: 'get',
    path: '/v1/shipments/:id',
    summary: 'Look at a shipment of mine',
    scope: 'shipments:read',
    params: idParams,
    responses: {
      200: { description: 'The shipment.', schema: shipment },
      ...guarded,
      404: { description: 'There is no such shipment of yours.' },
    },
    async handle({ params, principal }) {
      const found = await store.find(params.id, principal.id);
      if (!found) throw none();
      return { body: found };
    },
  }),
  route({
    method: 'get',
    path: '/v1/shipments/:id/label',
    summary: 'The label of a parcel of mine',
    description:
      'Only while the shipment is booked. One of DHL has one label, which holds those of all its parcels.',
    scope: 'shipments:read',
    params: idParams,
    query: byParcel,
    responses: {
      200: { description: 'The label, to be printed.', mediaTypes: ['application/pdf', 'image/gif'] },
      ...guarded,
      404: { description: 'There is no such label of yours.' },
    },
    async handle({ params, query, principal }) {
      const label = await store.findLabel(params.id, query.parcel, principal.id);
      if (!label) throw notFound('There is no such label of yours.');
      const extension = label.mediaType.split('/')[1];
      return {
        headers: {
          'Content-Type': label.mediaType,
          'Content-Disposition': `attachment; filename="label-${params.id}-${label.parcel}.${extension}"`,
          'cache-control': 'no-store',
        },
        bytes: label.bytes,
      };
    },
  }),
  route({
    method: 'get',
    path: '/v1/shipments/:id/tracking',
    summary: 'Where a shipment of mine has been',
    scope: 'shipments:read',
    params: idParams,
    responses: {
      200: { description: 'What the carrier reported, oldest first.', schema: trackingEvents },
      ...guarded,
      404: { description: 'There is no such shipment of yours.' },
    },
    async handle({ params, principal }) {
      const items = await tracking.list(params.id, principal.id);
      if (!items) throw none();
      return { body: { items } };
    },
  }),
];
