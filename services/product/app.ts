import { type Authenticator, createHttpApp } from '@platform/libs/http';
import type { Pool, Queryable } from '@platform/libs/postgres';
import { instruments, type Logger } from '@platform/libs/telemetry';
import type { Express } from 'express';
import { type Catalogue, createCatalogue } from './application/catalogue';
import type { Editing } from './application/editing';
import { createReadCache, type SharedCache } from './application/read-cache';
import { createSearch } from './application/search';
import type { SearchIndex } from './application/search-index';
import { productRoutes } from './http/routes';
import { staffRoutes } from './http/staff-routes';
import { createProductReader } from './storage/products';

export interface AppDeps {
  pool: Pool;
  /** Asks the broker. */
  checkBroker: () => Promise<unknown>;
  catalogue: Catalogue;
  editing: Editing;
  authenticator: Authenticator;
  logger: Logger;
  version: string;
}

export interface CatalogueDeps {
  /** May be a moment behind the database. */
  reads: Queryable;
  /** Without one the catalogue itself is searched. */
  index?: Pick<SearchIndex, 'search'>;
  logger?: Logger;
  /** For pages, between instances. */
  sharedCache?: SharedCache;
  /** Of each cache; a second unless told. */
  ttlMs?: number;
}

/**
 * A page may pass through two caches, each holding it for a second: 2 s is the oldest anyone sees. Single products skip
 * the shared one, which costs as much as reading them.
 */
export const TTL_MS = 1000;

/** What customers read, with its caches, which are empty at first. */
export function createCachedCatalogue({ reads, index, logger, ...deps }: CatalogueDeps): Catalogue {
  const { sharedCache, ttlMs = TTL_MS } = deps;
  const { cacheHits, cacheMisses } = instruments();
  const cache = (name: string, maxCharacters: number, shared?: SharedCache) => {
    const labels = { cache: name };
    return createReadCache({
      ttlMs,
      maxCharacters,
      shared,
      onHit: () => cacheHits.add(1, labels),
      onMiss: () => cacheMisses.add(1, labels),
    });
  };
  const reader = createProductReader(reads);
  const search = index ? createSearch({ index, base: reader.search, logger }) : reader.search;
  return createCatalogue(reader, search, {
    products: cache('product', 8_000_000),
    pages: cache('page', 16_000_000, sharedCache),
  });
}

export function createApp({ pool, checkBroker, catalogue, editing, ...about }: AppDeps): Express {
  return createHttpApp({
    ...about,
    name: 'product',
    routes: [...productRoutes(catalogue), ...staffRoutes(editing)],
    ready: { database: () => pool.query('select 1'), broker: checkBroker },
  });
}
