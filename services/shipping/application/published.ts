import type { Contracts } from '@platform/libs/messaging';
import { z } from 'zod';
import { trackingStatuses } from '../domain/tracking';

const aboutOrder = z.object({ orderId: z.uuid() });
const aboutShipment = aboutOrder.extend({ shipmentId: z.uuid() });
const money = z.object({ amount: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) });

/** What others hear of shipments. Committed in published.json (`npx platform events schemas --write`), which refuses what would break them. */
export const published = {
  'shipment.booked.v1': aboutShipment.extend({
    carrier: z.string(),
    trackingNumber: z.string(),
    // A day; null where the carrier does not say.
    estimatedDelivery: z.iso.date().nullable(),
    cost: money,
  }),
  'shipment.failed.v1': aboutOrder.extend({ reason: z.string() }),
  'shipment.cancelled.v1': aboutShipment,
  'shipment.tracked.v1': aboutShipment.extend({
    status: z.enum(trackingStatuses),
    at: z.iso.datetime(),
    description: z.string(),
  }),
} satisfies Contracts;
