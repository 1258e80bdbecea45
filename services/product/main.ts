import { startRelay } from '@platform/libs/messaging';
import { runService, type ServiceParts } from '@platform/libs/service';
import { createApp, createCachedCatalogue, TTL_MS } from './app';
import { keepWarm } from './application/warm';
import { type Config, readConfig } from './config';
import { createStockConsumer } from './messaging/stock-consumer';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createRedisCache } from './storage/redis-cache';
import { seedProducts } from './storage/seed';

/** A new instance is ready, and known to be, in less. */
const WARM_MS = 30_000;
const stockConsumer = ({ kafka, pool, logger, config }: ServiceParts<Config>) =>
  createStockConsumer({ kafka, pool, logger, groupId: config.SERVICE_NAME });

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  seed: (pool, config) => seedProducts(pool, config.SEED_PRODUCTS),
  operations: (parts) => ({ consumer: stockConsumer(parts) }),
  async start(parts) {
    const { config, version, logger, pool, reads, kafka } = parts;
    const sharedCache = config.REDIS_URL ? createRedisCache(config.REDIS_URL, 'product:', logger) : undefined;
    const catalogue = createCachedCatalogue({ reads, sharedCache });
    const stopWarming = keepWarm({ catalogue, logger, everyMs: TTL_MS * 0.8, forMs: WARM_MS });
    // Answers that the version before has written to orders may still wait.
    const relay = await startRelay({ pool, kafka, logger });
    const consumer = stockConsumer(parts);
    await consumer.start();
    return {
      app: createApp({ pool, checkBroker: () => kafka.check(), catalogue, logger, version }),
      async stop() {
        stopWarming();
        await consumer.stop();
        await relay.stop();
        sharedCache?.close();
      },
    };
  },
});
