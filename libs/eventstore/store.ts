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
  metadata: Record<string, unknown>;
  recordedAt: Date;
}

export interface PositionedEvent extends StoredEvent {
  /** Where it stands in the global order; opaque, hand it back to readAll. */
  position: Position;
}

/** Opaque, ordered only by the store. */
export type Position = string;
/** Before the first event of every store. */
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

/** The history of things, one stream each. */
export interface Streams {
  /**
   * Appends all of `events` or none.
   * @returns the stream's new version.
   * @throws ConcurrencyConflict
   */
  append(stream: string, events: NewEvent[], expectedVersion: ExpectedVersion): Promise<number>;
  /** Its events in order from `fromVersion` (1) on; empty when it does not exist. */
  readStream(stream: string, fromVersion?: number): Promise<StoredEvent[]>;
}

/** What every store can do, whatever keeps the events. */
export interface EventStore extends Streams {
  /**
   * Events of all streams after `after`, in an order without gaps: a reader that goes on from the last position it was
   * given meets every event exactly once. Fewer than `limit` when there are no more for now.
   */
  readAll(after: Position, limit: number): Promise<PositionedEvent[]>;
  /**
   * Calls `notify` soon after there may be something new to read. It can be late or for nothing, and what happens while
   * the store is away goes unsaid: a reader also looks by itself now and then (`subscribe` does).
   */
  watch(notify: () => void): Promise<{ stop(): Promise<void> }>;
}

/** A store in the service's own database: events, read models and messages commit together or not at all. */
export interface TransactionalEventStore extends EventStore {
  /**
   * The streams as the transaction of `client` sees them. What it appends is visible to others when it commits; after a
   * ConcurrencyConflict it is to be rolled back.
   */
  within(client: PoolClient): Streams;
}
