import { createHash } from 'node:crypto';

/** The same for two requests that ask for the same; `value` is what validation made of them, its keys in schema order. */
export const fingerprint = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');
