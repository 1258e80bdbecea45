import { createHash, randomBytes } from 'node:crypto';

const dashed = (bytes: Buffer, version: number): string => {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** A UUIDv7: sorts by the time (ms since 1970) it was made at. */
export const uuidv7 = (milliseconds: number): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(milliseconds, 0, 6);
  return dashed(bytes, 7);
};

/** The one shipment of an order: a UUID (version 8) made from the order's id, so that asking twice is asking for the same. */
export const shipmentIdOf = (orderId: string): string =>
  dashed(createHash('sha256').update(`shipment of order ${orderId}`).digest().subarray(0, 16), 8);
