import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The header of a request that may be repeated. @param what it makes, as the caller is told: 'order' */
export const idempotencyKey = (what: string) =>
  z
    .string({
      error: `Send the header Idempotency-Key: a value of your own for this ${what}, the same when you repeat it.`,
    })
    .regex(/^[\x21-\x7e]{1,128}$/, 'An Idempotency-Key has 1 to 128 visible ASCII characters.');

/** The same for two requests that ask for the same; `value` is what validation made of them, its keys in schema order. */
export const fingerprint = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** The caller used this Idempotency-Key for a different request. Over HTTP it becomes a 422 by itself. */
export class IdempotencyKeyReused extends Error {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  readonly retriable = false;
  /** @param what was made with the key before: 'order' */
  constructor(readonly what: string) {
    super(`This Idempotency-Key was used for a different ${what}`);
    this.name = 'IdempotencyKeyReused';
  }
}
