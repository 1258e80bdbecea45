import { askAll, type HttpClient } from '@platform/libs/resilience';
import { z } from 'zod';
import { type ProductSource, ProductsUnavailable } from '../application/ports';
import type { Offer } from '../domain/cart';

const answer = z.object({
  price: z.object({ amount: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) }),
  available: z.int(),
});

const AT_ONCE = 8;

/** Prices and stock from the product service. A product that it does not know is left out. */
export const createProductSource = (client: HttpClient): ProductSource => {
  const offerOf = async (productId: string): Promise<Offer | undefined> => {
    const { status, body } = await client.request('GET', `/v1/products/${encodeURIComponent(productId)}`);
    // 400: not even an id as the product service writes them.
    if (status === 404 || status === 400) return undefined;
    if (status !== 200) throw new Error(`the product service answered ${status}`);
    const { price, available } = answer.parse(body);
    return { price, available: Math.max(0, available) };
  };
  return {
    async offers(productIds) {
      try {
        return await askAll(productIds, AT_ONCE, offerOf);
      } catch (error) {
        throw new ProductsUnavailable(error);
      }
    },
  };
};
