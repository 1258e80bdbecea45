import { askAll, type HttpClient } from '@platform/libs/resilience';
import { z } from 'zod';
import { type PriceSource, PricesUnavailable } from '../application/ports';
import type { Money } from '../domain/cart';

const answer = z.object({
  price: z.object({ amount: z.int().nonnegative(), currency: z.string().regex(/^[A-Z]{3}$/) }),
});

const AT_ONCE = 8;

/** Prices from the product service. A product that it does not know is left out. */
export const createPriceSource = (client: HttpClient): PriceSource => {
  const priceOf = async (productId: string): Promise<Money | undefined> => {
    const { status, body } = await client.request('GET', `/v1/products/${encodeURIComponent(productId)}`);
    // 400: not even an id as the product service writes them.
    if (status === 404 || status === 400) return undefined;
    if (status !== 200) throw new Error(`the product service answered ${status}`);
    return answer.parse(body).price;
  };
  return {
    async prices(productIds) {
      try {
        return await askAll(productIds, AT_ONCE, priceOf);
      } catch (error) {
        throw new PricesUnavailable(error);
      }
    },
  };
};
