import type { Cart, CartItem, Line, Money, Offer } from '../domain/cart';
import type { Difference } from '../domain/checkout';

export interface CartStore {
  find(customerId: string): Promise<Cart | undefined>;
  /**
   * Stores `after` where `before` still is what is stored, and notes that the cart was touched.
   * @returns false when it was changed meanwhile; nothing is stored then.
   */
  save(customerId: string, before: Cart | undefined, after: Cart, at: string): Promise<boolean>;
  /** Removes up to `limit` carts that nobody touched since. @returns how many */
  removeUntouched(since: string, limit: number): Promise<number>;
  countActive(since: string): Promise<number>;
}

/** How it is to be paid and shipped: passed on as it came, the order service knows what is valid. */
export interface Choices {
  paymentMethod: string;
  gateway?: string;
  fallback?: { gateway: string; paymentMethod: string };
  quoteId?: string;
}

/** What the order service is asked for. */
export interface OrderRequest extends Choices {
  items: Line[];
  /** What the customer agreed to; the order service refuses any other. */
  expectedTotal: Money;
}

/** The order as its service shows it, passed on whole. */
export interface PlacedOrder extends Record<string, unknown> {
  id: string;
}

/** A checkout under a customer's Idempotency-Key. */
export interface Checkout {
  key: string;
  /** Of what was asked; another request under the same key is an error. */
  requestHash: string;
  /** All checkouts of a cart whose outcome is open share it, so that one order comes of them at most. */
  orderKey: string;
  status:
    | { is: 'asked'; request: OrderRequest }
    | { is: 'placed'; order: PlacedOrder }
    | { is: 'refused'; differences: Difference[] };
}

/** A turn to ask the order service for a checkout. */
export interface Turn {
  orderKey: string;
  request: OrderRequest;
  /** Raised by every turn: whoever has an older one may not forget the checkout. */
  number: number;
  /** Nobody asked before, or so long ago that their request cannot be under way any more. */
  alone: boolean;
}

export interface CheckoutStore {
  find(customerId: string, key: string): Promise<Checkout | undefined>;
  /** Notes what is about to be asked. @returns undefined when cart or key were taken meanwhile. */
  open(
    customerId: string,
    cart: Cart,
    checkout: { key: string; requestHash: string; orderKey: string; request: OrderRequest },
    at: { now: string; underWayUntil: string },
  ): Promise<Turn | undefined>;
  /** Another turn for a checkout whose outcome is open. @returns undefined when it is not open any more. */
  again(
    customerId: string,
    key: string,
    at: { now: string; underWayUntil: string },
  ): Promise<Turn | undefined>;
  /** The others whose outcome is open, and that share the order's key. */
  others(customerId: string, checkout: { key: string; orderKey: string }): Promise<Checkout[]>;
  /** Strikes out all that are open under a key of the order that stands for something else: nothing can come of them. */
  strike(customerId: string, orderKey: string): Promise<void>;
  /** Nothing came of it. @returns false when somebody else has had a turn since; then it is still open. */
  forget(customerId: string, key: string, turn: number): Promise<boolean>;
  /** Stores the cart as it is seen today, and, where prices changed, that this key was refused. @returns as `save` */
  refuse(
    customerId: string,
    carts: { before: Cart; after: Cart },
    refusal: { key: string; requestHash: string; differences: Difference[] } | undefined,
    at: string,
  ): Promise<boolean>;
  /** Records the order and takes what was ordered out of the cart, once for each order. @returns the order on record */
  complete(
    customerId: string,
    checkout: { key: string; orderKey: string },
    order: PlacedOrder,
    at: string,
  ): Promise<PlacedOrder>;
  /** Removes up to `limit` decided checkouts that are older. @returns how many */
  removeDecided(before: string, limit: number): Promise<number>;
}

export interface ProductSource {
  /**
   * What can be had today; a product that is not known is missing from the answer.
   * @throws ProductsUnavailable
   */
  offers(productIds: string[]): Promise<Map<string, Offer>>;
}

/** What the order service said no with, for the customer. */
export interface Refusal {
  status: number;
  code: string;
  detail: string;
  errors?: { in: 'body' | 'query' | 'params' | 'headers'; pointer: string; detail: string }[];
}

export type PlacingOutcome =
  | { kind: 'placed'; order: PlacedOrder }
  /** It would cost something else now. */
  | { kind: 'total_changed' }
  /** The key stands for another order. */
  | { kind: 'key_used' }
  | { kind: 'refused'; refusal: Refusal }
  /** The request never got there. */
  | { kind: 'not_sent'; cause: unknown }
  | { kind: 'unknown'; cause: unknown };

export interface OrderPort {
  /** On behalf of whoever the authorisation is of. Asked once: whoever calls knows what a second answer is worth. */
  place(authorization: string, key: string, request: OrderRequest): Promise<PlacingOutcome>;
}

/** Everything kept about a customer, for themselves. */
export type PersonalData = (customerId: string) => Promise<{
  cart: { items: CartItem[]; touchedAt: string } | null;
  checkouts: { orderId: string | null; paymentMethod: string | null; createdAt: string }[];
}>;

/** The product service cannot be asked at the moment. Nothing was changed; the same request may go through later. */
export class ProductsUnavailable extends Error {
  readonly code = 'PRODUCTS_UNAVAILABLE';
  readonly retriable = true;
  constructor(cause: unknown) {
    super('Products cannot be looked at at the moment', { cause });
    this.name = 'ProductsUnavailable';
  }
}

/** It is not known whether there is an order now. The same request with the same key finds out, and never orders twice. */
export class OrdersUnavailable extends Error {
  readonly code = 'ORDERS_UNAVAILABLE';
  readonly retriable = true;
  constructor(cause?: unknown) {
    super('Orders cannot be placed at the moment', { cause });
    this.name = 'OrdersUnavailable';
  }
}

/** Others change the cart, or prices move, faster than this could look. Nothing was changed. */
export class TooMuchChange extends Error {
  readonly code = 'TOO_MUCH_CHANGE';
  readonly retriable = true;
  constructor() {
    super('The cart or its prices keep changing');
    this.name = 'TooMuchChange';
  }
}

/** The cart is not the one that was named. */
export class CartChanged extends Error {
  readonly code = 'CART_CHANGED';
  readonly retriable = false;
  constructor() {
    super('The cart was changed meanwhile');
    this.name = 'CartChanged';
  }
}

/** Nothing was ordered: the customer has to agree to what is different. */
export class CartDiffers extends Error {
  readonly code = 'CART_DIFFERS';
  readonly retriable = false;
  constructor(readonly differences: Difference[]) {
    super('Prices or stock are not what they were when the cart was filled');
    this.name = 'CartDiffers';
  }
}

/** An earlier checkout whose answer was lost has gone through. */
export class AlreadyCheckedOut extends Error {
  readonly code = 'ALREADY_CHECKED_OUT';
  readonly retriable = false;
  constructor(readonly orderId: string) {
    super('An earlier checkout of this cart has gone through');
    this.name = 'AlreadyCheckedOut';
  }
}

/** What this checkout was to order was taken out of the cart since; whether it was ordered is not known. */
export class CheckoutOutdated extends Error {
  readonly code = 'CHECKOUT_OUTDATED';
  readonly retriable = false;
  constructor() {
    super('The cart does not hold any more what this checkout was to order');
    this.name = 'CheckoutOutdated';
  }
}

/** The order service said no. */
export class OrderRefused extends Error {
  readonly code = 'ORDER_REFUSED';
  readonly retriable = false;
  constructor(readonly refusal: Refusal) {
    super(`The order was refused: ${refusal.code}`);
    this.name = 'OrderRefused';
  }
}

export interface Clock {
  /** ISO 8601 in UTC. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };
