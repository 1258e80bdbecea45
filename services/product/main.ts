import { runProgram } from '@platform/libs/config';
import { serve } from '@platform/libs/http';
import { createKafka, startRelay } from '@platform/libs/messaging';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { configureTelemetry, createLogger } from '@platform/libs/telemetry';
import { createApp } from './app';
import { type Config, readConfig } from './config';
import { createStockConsumer } from './messaging/stock-consumer';
import { LOCK_ID, migrations } from './storage/migrations';
import { createRedisCache } from './storage/redis-cache';
import { seedProducts } from './storage/seed';

const loggerFor = (config: Config) =>
  createLogger(config.SERVICE_NAME, {
    level: config.LOG_LEVEL,
    version: config.SERVICE_VERSION,
    environment: config.ENVIRONMENT,
  });

runProgram<Config>({
  config: () => readConfig(),
  async migrate(config) {
    const logger = loggerFor(config);
    const pool = createPool({ url: config.DATABASE_URL, statementTimeoutMs: 0, logger });
    await runMigrations({ pool, migrations, lockId: LOCK_ID, logger }, () =>
      seedProducts(pool, config.SEED_PRODUCTS),
    );
    await pool.end();
  },
  async serve(config) {
    configureTelemetry({
      service: config.SERVICE_NAME,
      version: config.SERVICE_VERSION,
      environment: config.ENVIRONMENT,
    });
    const logger = loggerFor(config);
    const pool = createPool({ url: config.DATABASE_URL, applicationName: config.SERVICE_NAME, logger });
    const kafka = createKafka({ brokers: config.KAFKA_BROKERS, clientId: config.SERVICE_NAME, logger });
    const sharedCache = config.REDIS_URL ? createRedisCache(config.REDIS_URL, 'product:', logger) : undefined;
    const relay = await startRelay({ pool, kafka, logger });
    const consumer = createStockConsumer({ kafka, pool, logger, groupId: config.SERVICE_NAME });
    await consumer.start();
    const app = createApp({
      pool,
      checkBroker: () => kafka.check(),
      sharedCache,
      logger,
      version: config.SERVICE_VERSION,
    });
    await serve(app, {
      port: config.PORT,
      logger,
      onShutdown: async () => {
        await consumer.stop();
        await relay.stop();
        await kafka.close();
        sharedCache?.close();
        await pool.end();
      },
    });
  },
});
