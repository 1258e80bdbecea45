import { type Handler, handler } from '@platform/libs/messaging';
import type { Erasures } from '@platform/libs/privacy';
import { z } from 'zod';
import type { Reactions } from '../application/reactions';

const aboutOrder = z.object({ orderId: z.uuid() });
const placed = aboutOrder.extend({
  customerId: z.string().min(1),
  total: z.object({ amount: z.int(), currency: z.string() }),
});
const cancelled = aboutOrder.extend({ reason: z.string() });
const aboutShipment = aboutOrder.extend({ shipmentId: z.uuid() });
const booked = aboutShipment.extend({
  carrier: z.string(),
  trackingNumber: z.string(),
  estimatedDelivery: z.string().nullable(),
});
const tracked = aboutShipment.extend({ status: z.string(), at: z.string() });
const lowStock = z.object({ productId: z.string(), available: z.int(), threshold: z.int() });
const userErased = z.object({ userId: z.string().min(1) });

/** What others tell us, by CloudEvents type. Only what is needed here is looked at. */
export const createHandlers = (reactions: Reactions, erasures: Erasures): Record<string, Handler> => ({
  // Whose an order is stands in no later event.
  'order.placed.v1': handler(placed, (event, { client }) => {
    const { orderId, customerId, total } = event.data;
    return reactions.order(orderId, { facts: { customerId, total } }, event, client);
  }),
  'order.confirmed.v1': handler(aboutOrder, (event, { client }) => {
    const { orderId } = event.data;
    const news = { kind: 'order-confirmed', data: { orderId } } as const;
    return reactions.order(orderId, { facts: { state: 'confirmed' }, news }, event, client);
  }),
  'order.cancelled.v1': handler(cancelled, (event, { client }) => {
    const { orderId, reason } = event.data;
    const news = { kind: 'order-cancelled', data: { orderId, reason } } as const;
    return reactions.order(orderId, { facts: { state: 'cancelled' }, news }, event, client);
  }),
  // Shipping says it again, as another event, whenever it is asked again: the shipment is the key.
  'shipment.booked.v1': handler(booked, (event, { client }) => {
    const { orderId, shipmentId: key, carrier, trackingNumber, estimatedDelivery } = event.data;
    const data = { orderId, carrier, trackingNumber, estimatedDelivery };
    return reactions.order(orderId, { news: { kind: 'shipment-booked', data }, key }, event, client);
  }),
  'shipment.tracked.v1': handler(tracked, async (event, { client }) => {
    const { orderId, shipmentId: key, status, at } = event.data;
    if (status !== 'delivered') return;
    const news = { kind: 'shipment-delivered', data: { orderId, at } } as const;
    await reactions.order(orderId, { news, key }, event, client);
  }),
  'inventory.low-stock.v1': handler(lowStock, (event, { client }) => {
    const { productId, available, threshold } = event.data;
    const data = { productId, available, threshold };
    return reactions.staff({ kind: 'low-stock', data }, event.id, event, client);
  }),
  'user.erased.v1': handler(userErased, (event, { client }) => erasures.request(client, event.data.userId)),
});
