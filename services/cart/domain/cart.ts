/** An amount in minor units (cents for EUR) of one ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}

export interface Line {
  productId: string;
  quantity: number;
}

/** What the product service says of a product. */
export interface Offer {
  price: Money;
  available: number;
}

/** `unitPrice` and `available` are what was seen when the item was put in, or last compared. */
export interface CartItem extends Line {
  unitPrice: Money;
  available: number;
}

export interface Cart {
  id: string;
  /** Raised by every change. */
  version: number;
  items: CartItem[];
}

export const MAX_LINES = 50;
export const MAX_QUANTITY = 100;
/** Keeps every total of a full cart a safe integer. */
const MAX_PRICE = 1_000_000_000_000;

export type CartProblemCode =
  | 'too_many_lines'
  | 'bad_quantity'
  | 'unknown_product'
  | 'bad_price'
  | 'empty'
  | 'mixed_currencies';

/** What is asked cannot be done with this cart, and will not be later. */
export class CartProblem extends Error {
  readonly retriable = false;
  constructor(
    readonly code: CartProblemCode,
    message: string,
  ) {
    super(message);
    this.name = 'CartProblem';
  }
}

export const isUsable = ({ amount }: Money): boolean =>
  Number.isInteger(amount) && amount >= 1 && amount <= MAX_PRICE;

/** Sets how many of a product are in the cart, at today's price. The same again changes nothing. @throws CartProblem */
export const setItem = (
  items: readonly CartItem[],
  { productId, quantity }: Line,
  offer: Offer | undefined,
): CartItem[] => {
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MAX_QUANTITY) {
    throw new CartProblem('bad_quantity', `The quantity is a whole number from 1 to ${MAX_QUANTITY}.`);
  }
  if (!offer) {
    throw new CartProblem(
      'unknown_product',
      `There is no product ${productId}. Take an id from GET /v1/products; if it was in the cart, take it out.`,
    );
  }
  if (!isUsable(offer.price)) {
    throw new CartProblem('bad_price', `Product ${productId} cannot be bought: it has no usable price.`);
  }
  const item = { productId, quantity, unitPrice: offer.price, available: offer.available };
  if (items.some((one) => one.productId === productId)) {
    return items.map((one) => (one.productId === productId ? item : one));
  }
  if (items.length >= MAX_LINES) {
    throw new CartProblem('too_many_lines', `A cart has at most ${MAX_LINES} products. Take one out first.`);
  }
  return [...items, item];
};

export const removeItem = (items: readonly CartItem[], productId: string): CartItem[] =>
  items.filter((one) => one.productId !== productId);

/** What stays when `ordered` is on its way: whatever was put in beyond it. */
export const takeOut = (items: readonly CartItem[], ordered: readonly Line[]): CartItem[] => {
  const taken = new Map(ordered.map(({ productId, quantity }) => [productId, quantity]));
  return items
    .map((item) => ({ ...item, quantity: item.quantity - (taken.get(item.productId) ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
};

/** One amount per currency, in the order in which the currencies appear. */
export const totalsOf = (items: readonly CartItem[]): Money[] => {
  const totals = new Map<string, number>();
  for (const { quantity, unitPrice } of items) {
    totals.set(unitPrice.currency, (totals.get(unitPrice.currency) ?? 0) + quantity * unitPrice.amount);
  }
  return [...totals].map(([currency, amount]) => ({ amount, currency }));
};
