/** Integer minor units (cents) with an ISO 4217 code. */
export interface Money {
  amount: number;
  currency: string;
}

export interface Product {
  /** 'prd-00001' */
  id: string;
  sku: string;
  name: string;
  description: string;
  category: string;
  price: Money;
  /** Units that can still be ordered. */
  available: number;
}
