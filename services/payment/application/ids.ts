import { uuidOf } from '@platform/libs/ids';

/** The one payment of an order. */
export const paymentIdOf = (orderId: string): string => uuidOf(`payment of order ${orderId}`);

/** The refund of a payment that was asked for under a key of the asker's. */
export const refundIdOf = (paymentId: string, key: string): string =>
  uuidOf(`refund of payment ${paymentId}: ${key}`);
