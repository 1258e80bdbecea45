import type { PoolClient } from '@platform/libs/postgres';
import type { ProductQuery } from './catalogue';

/** What a product is found by. Availability is none of it: it is read with the product. */
export interface SearchDocument {
  id: string;
  version: number;
  name: string;
  description: string;
  category: string;
}

/** A product as it is from this version on. A deletion leaves its version behind. */
export type SearchChange =
  | (SearchDocument & { deleted?: false })
  | { id: string; version: number; deleted: true };

export interface SearchQuery extends ProductQuery {
  search: string;
}

export interface Hit {
  id: string;
  /** Decimal text, greater is better. Hits of equal rank are in the order of ids. */
  rank: string;
}

export type Search = (query: SearchQuery) => Promise<Hit[]>;

/** Which products somewhere holds, and how new: the catalogue itself, or an index of it. In any order, always the same. */
export interface Versions {
  page(after: string | undefined, limit: number): Promise<{ id: string; version: number }[]>;
  /** Of these; what is not there is left out. */
  of(ids: string[]): Promise<Map<string, number>>;
}

/** The catalogue, which is always right. */
export interface ProductSource extends Versions {
  documents(ids: string[]): Promise<SearchDocument[]>;
}

/** One index among those that follow each other. */
export interface Generation extends Versions {
  readonly name: string;
  /** Of changes to one product the one of the highest version wins, in whatever order and how often they come. */
  apply(changes: SearchChange[]): Promise<void>;
}

/** One that is being made, which nobody searches yet. */
export interface NextGeneration extends Generation {
  /** When it is filled: makes it fit to be searched. From now on every change reaches it too. */
  follow(): Promise<void>;
  /** Searches use it from now on, all at once; then what they used before is removed. */
  publish(): Promise<void>;
  /** Removes it. */
  abandon(): Promise<void>;
}

export interface SearchIndex {
  /** @throws IndexUnavailable */
  search: Search;
  /**
   * Applies changes to what is searched and to what follows it; does nothing where there is no index. `transaction` is the one
   * they came in: an adapter that can writes in it.
   */
  apply(changes: SearchChange[], transaction?: Transaction): Promise<void>;
  /** What is searched at the moment, if anything. */
  live(): Promise<Generation | undefined>;
  /** Starts a new one, after it has removed what rebuilds that were killed left behind. @throws RebuildRunning */
  begin(): Promise<NextGeneration>;
}

/** Of the service's own database. */
export type Transaction = PoolClient;

/** There is nothing to search in, or it does not answer: ask the catalogue itself. */
export class IndexUnavailable extends Error {
  readonly code = 'INDEX_UNAVAILABLE';
  readonly retriable = true;
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'IndexUnavailable';
  }
}

export class RebuildRunning extends Error {
  readonly code = 'REBUILD_RUNNING';
  readonly retriable = true;
  readonly hint = 'Wait for it to end. One that was killed ends with its connection.';
  constructor() {
    super('The search index is being rebuilt already');
    this.name = 'RebuildRunning';
  }
}

/** One change a product, that of the highest version, in the order of ids: whoever locks in this order cannot deadlock. */
export function newestOf(changes: SearchChange[]): SearchChange[] {
  const newest = new Map<string, SearchChange>();
  for (const change of changes) {
    const known = newest.get(change.id);
    if (!known || known.version < change.version) newest.set(change.id, change);
  }
  return [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
