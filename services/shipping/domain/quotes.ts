import { convert, type ExchangeRates, type Money } from './money';

/** What a carrier asks for taking the parcels of an order to an address. */
export interface Quote {
  id: string;
  carrier: string;
  /** The carrier's own code. */
  service: string;
  serviceName: string;
  /** What the carrier will charge, in its currency. */
  cost: Money;
  /** YYYY-MM-DD; not every carrier says. */
  estimatedDelivery?: string;
  parcels: number;
}

/** A quote beside others; `comparable` where it had to be converted to be compared. */
export type ArrangedQuote = Quote & { comparable?: Money };

/** Quotes that can be compared, the cheapest first. `ratesOf`: the day of the rates, where some were converted. */
export interface QuoteGroup {
  currency: string;
  ratesOf?: string;
  quotes: ArrangedQuote[];
}

/**
 * Sorts what can be compared. Amounts of different currencies cannot: they are converted to `currency` where there are rates, and stand
 * in groups of their own where there are none. The group in `currency` comes first.
 */
export const arrangeQuotes = (
  quotes: readonly Quote[],
  currency: string,
  rates?: ExchangeRates,
): QuoteGroup[] => {
  const groups = new Map<string, QuoteGroup>();
  for (const quote of quotes) {
    const converted = rates && convert(quote.cost, currency, rates);
    const comparable = converted && converted.currency !== quote.cost.currency ? converted : undefined;
    const key = (comparable ?? quote.cost).currency;
    const group = groups.get(key) ?? { currency: key, quotes: [] };
    if (comparable) group.ratesOf = rates?.date;
    group.quotes.push({ ...quote, ...(comparable && { comparable }) });
    groups.set(key, group);
  }
  const amountOf = ({ comparable, cost }: ArrangedQuote) => (comparable ?? cost).amount;
  const rank = (group: QuoteGroup) => `${group.currency === currency ? 0 : 1}${group.currency}`;
  return [...groups.values()]
    .map((group) => ({ ...group, quotes: group.quotes.sort((a, b) => amountOf(a) - amountOf(b)) }))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
};

/** A quote is good until then; `now` and the limit are ISO 8601 in UTC. */
export const isGood = (validUntil: string, now: string): boolean => Date.parse(now) <= Date.parse(validUntil);
