import type { Order } from '../domain/order';
import type { OrderView } from './ports';

/** The customer's view of an order. How the checkout is getting on inside is not their business: it is pending. */
export const viewOf = (order: Order, times: { createdAt: string; updatedAt: string }): OrderView => {
  if (order.status === 'none') throw new Error('There is no order to look at.');
  return {
    id: order.orderId,
    status: order.status === 'confirmed' || order.status === 'cancelled' ? order.status : 'pending',
    ...(order.status === 'cancelled' && { cancellationReason: order.reason }),
    items: order.items,
    ...(order.shippingCost && { shippingCost: order.shippingCost }),
    total: order.total,
    ...(order.status === 'confirmed' && { paymentId: order.paymentId }),
    ...(order.status === 'confirmed' && order.shipment && { shipment: order.shipment }),
    ...(order.status === 'cancelled' &&
      order.owed.length > 0 && { outstanding: order.owed.map(({ what }) => what) }),
    ...times,
  };
};
