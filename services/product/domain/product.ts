/** Integer minor units (cents) with an ISO 4217 code. */
export interface Money {
  amount: number;
  currency: string;
}

/** What staff writes about a product. */
export interface Listing {
  sku: string;
  name: string;
  description: string;
  category: string;
  price: Money;
}

export interface Product extends Listing {
  /** 'prd-00001' */
  id: string;
  /** Of the listing, from 1; each change raises it. Stock moves without it. */
  version: number;
  /** Units that can still be ordered. */
  available: number;
}

export const listingOf = ({ sku, name, description, category, price }: Listing): Listing => ({
  ...{ sku, name, description, category },
  price: { amount: price.amount, currency: price.currency },
});
