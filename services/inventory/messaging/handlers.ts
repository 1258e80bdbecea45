import { type Handler, handler } from '@platform/libs/messaging';
import { z } from 'zod';
import type { Reservations } from '../application/reservations';

const aboutOrder = z.object({ orderId: z.uuid() });
const reservationRequested = aboutOrder.extend({
  items: z.array(z.object({ productId: z.string(), quantity: z.number() })),
});

/** What orders tell us, by CloudEvents type. Only what is needed here is looked at. */
export const createHandlers = (reservations: Reservations): Record<string, Handler> => {
  const on = (does: 'release' | 'confirm' | 'cancel') =>
    handler(aboutOrder, ({ data, traceparent }, { client }) =>
      reservations[does](data.orderId, { transaction: client, traceparent }),
    );
  return {
    'order.stock-reservation-requested.v1': handler(
      reservationRequested,
      ({ data, traceparent }, { client }) =>
        reservations.reserve(data.orderId, data.items, { transaction: client, traceparent }),
    ),
    'order.stock-release-requested.v1': on('release'),
    'order.confirmed.v1': on('confirm'),
    'order.cancelled.v1': on('cancel'),
  };
};
