import { createHttpApp } from '@platform/libs/http';
import type { Pool } from '@platform/libs/postgres';
import { instruments, type Logger } from '@platform/libs/telemetry';
import type { Express } from 'express';
import { createCatalogue } from './application/catalogue';
import { createReadCache, type SharedCache } from './application/read-cache';
import { productRoutes } from './http/routes';
import { createProductReader } from './storage/products';

export interface AppDeps {
  pool: Pool;
  /** Asks the broker. */
  checkBroker: () => Promise<unknown>;
  /** For pages, between instances. */
  sharedCache?: SharedCache;
  logger: Logger;
  version: string;
}

/**
 * A page may pass through two caches, each holding it for a second: 2 s is the oldest anyone sees. Single products skip
 * the shared one, which costs as much as reading them.
 */
const TTL_MS = 1000;

export function createApp({ pool, checkBroker, sharedCache, logger, version }: AppDeps): Express {
  const { cacheHits, cacheMisses } = instruments();
  const cache = (name: string, maxCharacters: number, shared?: SharedCache) => {
    const labels = { cache: name };
    return createReadCache({
      ttlMs: TTL_MS,
      maxCharacters,
      shared,
      onHit: () => cacheHits.add(1, labels),
      onMiss: () => cacheMisses.add(1, labels),
    });
  };
  const catalogue = createCatalogue(createProductReader(pool), {
    products: cache('product', 8_000_000),
    pages: cache('page', 16_000_000, sharedCache),
  });
  return createHttpApp({
    name: 'product',
    version,
    routes: productRoutes(catalogue),
    ready: { database: () => pool.query('select 1'), broker: checkBroker },
    logger,
  });
}
