import type { PoolClient } from '@platform/libs/postgres';
import type { Money, OrderLine } from '../domain/cart';
import type { CancellationReason, Compensation, Order, OrderEvent, Shipment } from '../domain/order';
import type { Offer } from '../domain/shipping';

/** An open database transaction. Whoever opened it commits it. */
export type Transaction = PoolClient;

/** What a customer sees of an order. */
export interface OrderView {
  id: string;
  status: 'pending' | 'confirmed' | 'cancelled';
  cancellationReason?: CancellationReason;
  items: OrderLine[];
  /** Part of the total. */
  shippingCost?: Money;
  total: Money;
  paymentId?: string;
  shipment?: Shipment;
  /** Of a cancelled order: what is not yet known to be undone. */
  outstanding?: Compensation[];
  /** ISO 8601. */
  createdAt: string;
  updatedAt: string;
}

/** The first answer to an Idempotency-Key, to be given again. */
export interface Placement {
  customerId: string;
  key: string;
  /** Of what was asked; another request under the same key is an error. */
  requestHash: string;
  answer: OrderView;
}

export interface Change {
  before: Order;
  after: Order;
  events: OrderEvent[];
}

export interface OrderStore {
  findPlacement(customerId: string, key: string): Promise<Placement | undefined>;
  /**
   * Stores a new order with its placement and its messages, all or nothing.
   * @returns the placement that stands: another one if the key was taken meanwhile.
   */
  place(placement: Placement, events: OrderEvent[]): Promise<Placement>;
  /**
   * Loads, decides, and stores events, view and messages in one transaction: in `transaction`, or in one of its own.
   * @throws ConcurrencyConflict (retriable) when the order was changed meanwhile.
   */
  change(orderId: string, decide: (order: Order) => OrderEvent[], transaction?: Transaction): Promise<Change>;
  /** Orders that wait for an answer longer than they should. */
  findDue(now: string, limit: number): Promise<string[]>;
  find(orderId: string, customerId: string): Promise<OrderView | undefined>;
  /** Newest first; `before` is the id of the last order of the page before. */
  list(customerId: string, limit: number, before?: string): Promise<OrderView[]>;
}

/** Everything kept about a customer, for themselves. */
export type PersonalData = (
  customerId: string,
) => Promise<{ orders: (OrderView & { paymentMethod: string | null })[] }>;

export interface PriceSource {
  /**
   * Today's prices; a product that is not known is missing from the answer.
   * @throws PricesUnavailable
   */
  prices(productIds: string[]): Promise<Map<string, Money>>;
}

export interface OfferSource {
  /**
   * What a carrier offered the customer, as they may see it themselves; undefined when that is none of theirs.
   * @throws PricesUnavailable
   */
  offer(quoteId: string, authorization: string): Promise<Offer | undefined>;
}

/** The product or the shipping service cannot be asked at the moment. Nothing was stored; the same request may go through later. */
export class PricesUnavailable extends Error {
  readonly code = 'PRICES_UNAVAILABLE';
  readonly retriable = true;
  constructor(cause: unknown) {
    super('Prices cannot be fetched at the moment', { cause });
    this.name = 'PricesUnavailable';
  }
}

export interface Clock {
  /** ISO 8601 in UTC. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };
