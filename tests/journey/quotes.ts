import { randomUUID } from 'node:crypto';
import type { Customer } from '../../cli/customer';

export interface Quotes {
  id: string;
  groups: { currency: string; quotes: { id: string; carrier: string; cost: { amount: number } }[] }[];
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

/** The carriers' offers in the order they were given. */
export const offersOf = ({ groups }: Quotes) => groups.flatMap(({ quotes }) => quotes);
