import type { CartStore, CheckoutStore, Clock } from './ports';

export interface ExpiryDeps {
  carts: Pick<CartStore, 'removeUntouched'>;
  checkouts: Pick<CheckoutStore, 'removeDecided'>;
  clock: Clock;
  ttlMs: number;
  /** Removed in one statement; 500 unless told. */
  batch?: number;
}

/** Removes what nobody touched for the cart's time to live, in small batches. Any number of instances may do it at once. */
export const createExpiry =
  ({ carts, checkouts, clock, ttlMs, batch = 500 }: ExpiryDeps) =>
  async (): Promise<void> => {
    const before = new Date(Date.parse(clock.now()) - ttlMs).toISOString();
    while ((await carts.removeUntouched(before, batch)) === batch);
    while ((await checkouts.removeDecided(before, batch)) === batch);
  };
