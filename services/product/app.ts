import { createHttpApp } from '@platform/libs/http';
import type { Pool, Queryable } from '@platform/libs/postgres';
import { instruments, type Logger } from '@platform/libs/telemetry';
import type { Express } from 'express';
import { type Catalogue, createCatalogue } from './application/catalogue';
import { createReadCache, type SharedCache } from './application/read-cache';
import { productRoutes } from './http/routes';
import { createProductReader } from './storage/products';

export interface AppDeps {
  pool: Pool;
  /** Asks the broker. */
  checkBroker: () => Promise<unknown>;
  catalogue: Catalogue;
  logger: Logger;
  version: string;
}

export interface CatalogueDeps {
  /** May be a moment behind the database. */
  reads: Queryable;
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
export function createCachedCatalogue({ reads, sharedCache, ttlMs = TTL_MS }: CatalogueDeps): Catalogue {
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
  return createCatalogue(createProductReader(reads), {
    products: cache('product', 8_000_000),
    pages: cache('page', 16_000_000, sharedCache),
  });
}

export function createApp({ pool, checkBroker, catalogue, logger, version }: AppDeps): Express {
  return createHttpApp({
    name: 'product',
    version,
    routes: productRoutes(catalogue),
    ready: { database: () => pool.query('select 1'), broker: checkBroker },
    logger,
  });
}
