import { createHash } from 'node:crypto';

/** The one payment of an order: a UUID (version 8) made from the order's id, so that asking twice is asking for the same. */
export const paymentIdOf = (orderId: string): string => {
  const bytes = createHash('sha256').update(`payment of order ${orderId}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};
