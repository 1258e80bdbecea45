import type { HttpClient } from '@platform/libs/resilience';
import { z } from 'zod';
import { type ProductSource, ProductsUnavailable } from '../application/ports';
import type { Offer } from '../domain/cart';

const answer = z.object({
  price: z.object({ amount: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) }),
  available: z.int(),
});

/** Products asked for at the same time, so that one large cart does not crowd out all others. */
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
      const offers = new Map<string, Offer>();
      try {
        for (let from = 0; from < productIds.length; from += AT_ONCE) {
          const some = productIds.slice(from, from + AT_ONCE);
          const found = await Promise.all(some.map(offerOf));
          some.forEach((productId, index) => {
            const offer = found[index];
            if (offer) offers.set(productId, offer);
          });
        }
      } catch (error) {
        throw new ProductsUnavailable(error);
      }
      return offers;
    },
  };
};
