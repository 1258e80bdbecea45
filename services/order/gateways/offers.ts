import type { HttpClient } from '@platform/libs/resilience';
import { z } from 'zod';
import { type OfferSource, PricesUnavailable } from '../application/ports';

const money = z.object({ amount: z.int().nonnegative(), currency: z.string().regex(/^[A-Z]{3}$/) });
const answer = z.object({
  items: z.array(
    z.object({
      groups: z.array(
        z.object({
          quotes: z.array(z.object({ id: z.string(), cost: money, comparable: money.optional() })),
        }),
      ),
      validUntil: z.iso.datetime(),
    }),
  ),
});

/** Offers of carriers from the shipping service, asked with the customer's own token. */
export const createOfferSource = (client: HttpClient): OfferSource => ({
  async offer(quoteId, authorization) {
    const path = `/v1/shipping/quotes?quoteId=${encodeURIComponent(quoteId)}`;
    const { status, body } = await client
      .request('GET', path, { headers: { authorization } })
      .catch((error: unknown) => {
        throw new PricesUnavailable(error);
      });
    const found = status === 200 ? answer.safeParse(body) : undefined;
    if (!found?.success)
      throw new PricesUnavailable(found?.error ?? new Error(`the shipping service answered ${status}`));
    const [quotes] = found.data.items;
    const quote = quotes?.groups.flatMap((group) => group.quotes).find(({ id }) => id === quoteId);
    if (!quotes || !quote) return undefined;
    const { cost, comparable } = quote;
    return { prices: comparable ? [cost, comparable] : [cost], validUntil: quotes.validUntil };
  },
});
