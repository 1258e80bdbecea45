import { createHash } from 'node:crypto';

const sha256 = (text: string) => createHash('sha256').update(text);

/** The same for two requests that ask for the same; `value` is what validation made of them, its keys in schema order. */
export const fingerprint = (value: unknown): string => sha256(JSON.stringify(value)).digest('hex');

/** Under what the order service is asked: no two carts share it, whatever keys their owners choose. */
export const orderKeyOf = (cartId: string, key: string): string =>
  `cart-${cartId}-${sha256(key).digest('base64url')}`;
