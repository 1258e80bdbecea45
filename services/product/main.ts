import { randomUUID } from 'node:crypto';
import { authenticate } from '@platform/libs/http';
import { startRelay, together } from '@platform/libs/messaging';
import type { Pool } from '@platform/libs/postgres';
import { runService, type ServiceParts } from '@platform/libs/service';
import { createApp, createCachedCatalogue, TTL_MS } from './app';
import { createEditing } from './application/editing';
import { compare, rebuild } from './application/index-upkeep';
import { createRefresher, type Refresher } from './application/refresher';
import { keepWarm } from './application/warm';
import { searchCommand } from './commands';
import { type Config, readConfig } from './config';
import { createSearchConsumer } from './messaging/search-consumer';
import { createStockConsumer } from './messaging/stock-consumer';
import { createSearchIndex } from './storage/index-of-choice';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createProductSource } from './storage/product-source';
import { createProductStore } from './storage/product-store';
import { createRedisCache } from './storage/redis-cache';
import { seedProducts } from './storage/seed';

/** A new instance is ready, and known to be, in less. */
const WARM_MS = 30_000;

const consumerOf = (
  { config, logger, pool, kafka }: ServiceParts<Config>,
  refresher: Pick<Refresher, 'note'>,
) => {
  const common = { kafka, pool, logger };
  return together(
    createStockConsumer({ ...common, groupId: config.SERVICE_NAME }),
    createSearchConsumer({
      ...{ ...common, refresher, groupId: `${config.SERVICE_NAME}-search` },
      index: createSearchIndex({ config, pool }),
    }),
  );
};

/** Of products that were seeded nobody is told, and a new database has no index yet. */
async function prepareIndex(pool: Pool, config: Config): Promise<void> {
  const [source, index] = [createProductSource(pool), createSearchIndex({ config, pool })];
  if (await index.live()) await compare(source, index, { repair: true, settleMs: 0 });
  else await rebuild(source, index);
}

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  seed: async (pool, config) => {
    await seedProducts(pool, config.SEED_PRODUCTS);
    await prepareIndex(pool, config);
  },
  commands: { search: searchCommand },
  // A command of an operator has no caches.
  operations: (parts) => ({ consumer: consumerOf(parts, { note: () => undefined }) }),
  async start(parts) {
    const { config, version, logger, pool, reads, kafka } = parts;
    const sharedCache = config.REDIS_URL ? createRedisCache(config.REDIS_URL, 'product:', logger) : undefined;
    const index = createSearchIndex({ config, pool, reads });
    const catalogue = createCachedCatalogue({ reads, index, logger, sharedCache });
    const refresher = createRefresher(catalogue, logger);
    const stopWarming = keepWarm({ catalogue, logger, everyMs: TTL_MS * 0.8, forMs: WARM_MS });
    const relay = await startRelay({ pool, kafka, logger });
    const consumer = consumerOf(parts, refresher);
    await consumer.start();
    return {
      app: createApp({
        ...{ pool, checkBroker: () => kafka.check(), catalogue, logger, version },
        editing: createEditing(createProductStore(pool), () => `prd-${randomUUID()}`),
        authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
      }),
      async stop() {
        stopWarming();
        await consumer.stop();
        await refresher.idle();
        await relay.stop();
        sharedCache?.close();
      },
    };
  },
});
