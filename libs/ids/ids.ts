import { createHash, randomBytes } from 'node:crypto';

/** RFC 9562: the version and the variant are set, the rest stays as it is. */
const dashed = (bytes: Buffer, version: number): string => {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** A UUID of version 7: sorts by the time (ms since 1970) it was made at. */
export const uuidv7 = (milliseconds: number): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(milliseconds, 0, 6);
  return dashed(bytes, 7);
};

/**
 * The UUID of a text, so that asking twice is asking for the same. Version 8, which says that we made it up; 4 for somebody who takes
 * nothing else.
 */
export const uuidOf = (text: string, version: 4 | 8 = 8): string =>
  dashed(createHash('sha256').update(text).digest().subarray(0, 16), version);
