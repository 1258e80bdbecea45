import { uuidOf } from '@platform/libs/ids';

/** The one shipment of an order: asking twice is asking for the same. */
export const shipmentIdOf = (orderId: string): string => uuidOf(`shipment of order ${orderId}`);
