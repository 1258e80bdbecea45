import { startRelay } from '@platform/libs/messaging';
import { runService } from '@platform/libs/service';
import { createApp } from './app';
import { type Config, readConfig } from './config';
import { createStockConsumer } from './messaging/stock-consumer';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { createRedisCache } from './storage/redis-cache';
import { seedProducts } from './storage/seed';

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  seed: (pool, config) => seedProducts(pool, config.SEED_PRODUCTS),
  async start({ config, version, logger, pool, kafka }) {
    const sharedCache = config.REDIS_URL ? createRedisCache(config.REDIS_URL, 'product:', logger) : undefined;
    const relay = await startRelay({ pool, kafka, logger });
    const consumer = createStockConsumer({ kafka, pool, logger, groupId: config.SERVICE_NAME });
    await consumer.start();
    return {
      app: createApp({ pool, checkBroker: () => kafka.check(), sharedCache, logger, version }),
      async stop() {
        await consumer.stop();
        await relay.stop();
        sharedCache?.close();
      },
    };
  },
});
