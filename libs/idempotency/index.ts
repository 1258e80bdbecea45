export { fingerprint, IdempotencyKeyReused, idempotencyKey } from './idempotency';
