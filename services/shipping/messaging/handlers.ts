import { type Handler, handler } from '@platform/libs/messaging';
import type { Erasures } from '@platform/libs/privacy';
import { z } from 'zod';
import type { Shipments } from '../application/shipments';

const shipmentRequested = z.object({
  orderId: z.uuid(),
  customerId: z.string().min(1),
  quoteId: z.uuid(),
});
const aboutOrder = z.object({ orderId: z.uuid() });
const userErased = z.object({ userId: z.string().min(1) });

export const createHandlers = (shipments: Shipments, erasures: Erasures): Record<string, Handler> => ({
  'user.erased.v1': handler(userErased, (event, { client }) => erasures.request(client, event.data.userId)),
  'order.shipment-requested.v1': handler(shipmentRequested, (event, { client }) =>
    shipments.request(event.data, client),
  ),
  'order.shipment-cancellation-requested.v1': handler(aboutOrder, (event, { client }) =>
    shipments.cancel(event.data.orderId, client),
  ),
});
