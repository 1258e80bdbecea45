import { createHash } from 'node:crypto';

/** Under what the order service is asked: no two carts share it, whatever keys their owners choose. */
export const orderKeyOf = (cartId: string, key: string): string =>
  `cart-${cartId}-${createHash('sha256').update(key).digest('base64url')}`;
