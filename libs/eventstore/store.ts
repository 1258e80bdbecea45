import type { PoolClient } from '../postgres';

export interface NewEvent<T extends string = string, D = unknown> {
  /** Past tense, versioned: 'order.placed.v1'. */
  type: T;
  /** JSON. */
  data: D;
  /** JSON; who, why, trace. Not part of the fact. */
  metadata?: Record<string, unknown>;
}

export interface StoredEvent<T extends string = string, D = unknown> extends NewEvent<T, D> {
  stream: string;
  /** 1 for the first event of the stream, without gaps. */
  version: number;
  /** Where it stands in the global order; opaque, hand it back to readAll. */
  position: Position;
  recordedAt: Date;
}

/** Opaque, ordered only by the store. */
export type Position = string;
export const START: Position = '0:0';

/** The version the stream is known to have (0: it must not exist yet), or 'any' to append without looking. */
export type ExpectedVersion = number | 'any';

/** Someone else appended meanwhile: load the stream again, decide again. */
export class ConcurrencyConflict extends Error {
  readonly code = 'CONCURRENCY_CONFLICT';
  readonly retriable = true;
  constructor(
    readonly stream: string,
    readonly expectedVersion: ExpectedVersion,
  ) {
    super(`Stream '${stream}' is not at version ${expectedVersion} any more`);
    this.name = 'ConcurrencyConflict';
  }
}

export interface EventStore {
  /**
   * Appends in the transaction of `client`: visible to others when it commits.
   * @returns the stream's new version.
   * @throws ConcurrencyConflict; the transaction is to be rolled back then.
   */
  append(
    client: PoolClient,
    stream: string,
    events: NewEvent[],
    expectedVersion: ExpectedVersion,
  ): Promise<number>;
  /** All events of a stream in order; empty when it does not exist. Inside a transaction pass its client. */
  readStream(stream: string, client?: PoolClient): Promise<StoredEvent[]>;
  /**
   * Events of all streams after `after`, in an order without gaps: an event shows up only when no transaction that
   * could still put one before it is running.
   */
  readAll(after: Position, limit: number): Promise<StoredEvent[]>;
}
