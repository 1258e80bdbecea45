import type { PoolClient } from '@platform/libs/postgres';
import type { Command, Decision, Reservation } from '../domain/reservation';
import type { Item, Refusal } from '../domain/stock';

/** An open database transaction. Whoever opened it commits it. */
export type Transaction = PoolClient;

export interface Clock {
  /** ISO 8601 in UTC. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };

export interface Applied {
  before?: Reservation;
  decision: Decision;
}

export interface ReservationStore {
  /**
   * Does what the command leads to and tells others, in `transaction` or one of its own. Commands about one order wait for each other, and
   * those about one product too.
   */
  apply(
    orderId: string,
    command: Command,
    within?: { transaction?: Transaction; traceparent?: string },
  ): Promise<Applied>;
  /** Orders whose reservations ended before `now`, the oldest first. */
  findExpired(now: string, limit: number): Promise<string[]>;
}

export interface ItemQuery {
  limit: number;
  /** Only those at or below their threshold. */
  low: boolean;
  /** The product the page before ended with. */
  after?: string;
}

export interface Count {
  stock: number;
  threshold: number;
}

/** What a count was made on: nothing yet, or this version. */
export type Basis = { kind: 'new' } | { kind: 'version'; version: number };

export interface Adjustment {
  /** Who asks: a key is theirs. */
  actorId: string;
  key: string;
  requestHash: string;
  productId: string;
  change: number;
  reason: string;
}

export interface ItemStore {
  find(productId: string): Promise<Item | undefined>;
  /** In the order of product ids. */
  list(query: ItemQuery): Promise<Item[]>;
  /** @throws StockChanged | StockRefused */
  put(productId: string, count: Count, basis: Basis): Promise<Item>;
  /** Undefined where there is no such item. @throws StockRefused | IdempotencyKeyReused */
  adjust(adjustment: Adjustment): Promise<Item | undefined>;
  /** Tells others once more how all items stand. @returns how many. */
  announce(): Promise<number>;
}

/** The item is not, or no longer, what the request was based on. */
export class StockChanged extends Error {
  readonly code = 'STOCK_CHANGED';
  readonly retriable = false;
  constructor(
    /** As it is; undefined where there is none. */
    readonly current: Item | undefined,
  ) {
    super('The stock is not what the change was based on: read it again and decide anew');
    this.name = 'StockChanged';
  }
}

export class StockRefused extends Error {
  readonly code = 'STOCK_REFUSED';
  readonly retriable = false;
  constructor(
    readonly refusal: Refusal,
    readonly current: Item,
  ) {
    super(`The stock of '${current.productId}' cannot be changed like this: ${refusal}`);
    this.name = 'StockRefused';
  }
}

/** One key, two different requests. */
