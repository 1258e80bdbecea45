import { randomUUID } from 'node:crypto';
import type { Customer, Money } from '../../cli/customer';

export interface Quote {
  id: string;
  carrier: string;
  cost: Money;
  /** About that, in the currency of the group, where the carrier's is another. */
  comparable?: Money;
}

export interface Quotes {
  id: string;
  groups: { currency: string; quotes: Quote[] }[];
  failures: { carrier: string }[];
}

/** What quotes are asked for: one product, packed, to an address that all carriers know. */
export const parcel = ({ productId = 'prd-00001', quantity = 1, postalCode = '10118' } = {}) => ({
  address: {
    ...{ name: 'Ada Shopper', street: ['350 5th Ave'], city: 'New York', state: 'NY' },
    ...{ postalCode, country: 'US', phone: '2125550100' },
  },
  items: [{ productId, quantity, weightGrams: 450, lengthMm: 200, widthMm: 120, heightMm: 60 }],
});

export const askForQuotes = (customer: Customer, wish = parcel(), key: string = randomUUID()) =>
  customer.call<Quotes>('POST', '/v1/shipping/quotes', wish, { 'idempotency-key': key });

/** What the customer pays for it. */
export const priceOf = ({ cost, comparable }: Quote): Money => comparable ?? cost;

/** The carriers' offers in the order they were given. */
export const offersOf = ({ groups }: Quotes) => groups.flatMap(({ quotes }) => quotes);
