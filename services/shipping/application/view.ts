import { UNRESOLVED } from '../domain/booking';
import type { Shipment } from '../domain/shipment';
import type { ShipmentView } from './ports';

const STATUS: Record<Exclude<Shipment['status'], 'none'>, ShipmentView['status']> = {
  ready: 'requested',
  asking: 'requested',
  booked: 'booked',
  // Until the carrier has taken the label back the parcel may still go.
  voiding: 'booked',
  'void-refused': 'booked',
  failed: 'failed',
  unresolved: 'failed',
  cancelled: 'cancelled',
};

export const viewOf = (shipment: Shipment, times: { createdAt: string; updatedAt: string }): ShipmentView => {
  if (shipment.status === 'none') throw new Error('There is no shipment to look at.');
  const { shipmentId, orderId, choice, status } = shipment;
  const booking = 'booking' in shipment ? shipment.booking : undefined;
  const delivery = booking?.estimatedDelivery ?? choice?.estimatedDelivery;
  return {
    id: shipmentId,
    orderId,
    // A lost label is given back and bought anew: the customer still waits.
    status: status === 'voiding' && !booking ? 'requested' : STATUS[status],
    ...(choice && { carrier: choice.carrier, service: choice.service, cost: booking?.cost ?? choice.cost }),
    ...(booking && { trackingNumber: booking.trackingNumber, parcels: booking.parcels }),
    ...(delivery && { estimatedDelivery: delivery }),
    ...(status === 'failed' && { reason: shipment.reason }),
    ...(status === 'unresolved' && { reason: UNRESOLVED }),
    ...times,
  };
};
