import { createHash } from 'node:crypto';

/** A UUID (version 8) made from a text: asking twice is asking for the same. */
const uuidOf = (text: string): string => {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** The one payment of an order. */
export const paymentIdOf = (orderId: string): string => uuidOf(`payment of order ${orderId}`);

/** The refund of a payment that was asked for under a key of the asker's. */
export const refundIdOf = (paymentId: string, key: string): string =>
  uuidOf(`refund of payment ${paymentId}: ${key}`);
