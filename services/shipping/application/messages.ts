import { type CloudEvent, createEvent, type Published } from '@platform/libs/messaging';
import { UNRESOLVED } from '../domain/booking';
import type { Shipment } from '../domain/shipment';
import type { TrackingEvent } from '../domain/tracking';
import type { published } from './published';

export const ORDER_TOPIC = 'order.order.v1';
export const SHIPMENT_TOPIC = 'shipping.shipment.v1';
export const USER_TOPIC = 'user.user.v1';

const source = '/shipping-service';

type Message = Published<typeof published>;

/** What the order was told, or is to be told; undefined while it has to wait. */
export const answerKind = (shipment: Shipment): 'booked' | 'failed' | 'cancelled' | undefined => {
  switch (shipment.status) {
    case 'booked':
    case 'failed':
    case 'cancelled':
      return shipment.status;
    case 'unresolved':
      return 'failed';
    default:
      return undefined;
  }
};

/** How a shipment stands, for the order. `id` is given where the same fact is to have the same id. */
export const answerOf = (shipment: Shipment, at: string, id?: string): CloudEvent | undefined => {
  if (shipment.status === 'none') return undefined;
  const { orderId, shipmentId, choice } = shipment;
  const answer = (message: Message) =>
    createEvent<Message['data']>({ id, source, subject: orderId, time: new Date(at), ...message });
  switch (shipment.status) {
    case 'booked': {
      const { trackingNumber, cost, estimatedDelivery = null } = shipment.booking;
      const carrier = choice?.carrier ?? '';
      return answer({
        type: 'shipment.booked.v1',
        data: { orderId, shipmentId, carrier, trackingNumber, estimatedDelivery, cost },
      });
    }
    case 'failed':
      return answer({ type: 'shipment.failed.v1', data: { orderId, reason: shipment.reason } });
    case 'unresolved':
      return answer({ type: 'shipment.failed.v1', data: { orderId, reason: UNRESOLVED } });
    case 'cancelled':
      return answer({ type: 'shipment.cancelled.v1', data: { orderId, shipmentId } });
    default:
      return undefined;
  }
};

/** That a parcel has got further. The id follows from what happened: told again, it is the same message. */
export const trackedMessage = (
  { orderId, shipmentId }: { orderId: string; shipmentId: string },
  { status, at, code, description }: TrackingEvent,
): CloudEvent => {
  const message: Message = {
    type: 'shipment.tracked.v1',
    data: { orderId, shipmentId, status, at, description },
  };
  const id = `${shipmentId}-${at}-${code}`;
  return createEvent({ id, source, subject: orderId, time: new Date(at), ...message });
};
