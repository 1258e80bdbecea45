import { runProgram } from '@platform/libs/config';
import { authenticate, serve } from '@platform/libs/http';
import { createKafka } from '@platform/libs/messaging';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { createHttpClient } from '@platform/libs/resilience';
import { configureTelemetry, createLogger } from '@platform/libs/telemetry';
import { type Config, readConfig } from './config';
import { defaultPatience } from './domain/checkout';
import { createPriceSource } from './gateways/products';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

const setUp = (config: Config, statementTimeoutMs?: number) => {
  const { SERVICE_NAME: service, SERVICE_VERSION: version, ENVIRONMENT: environment } = config;
  configureTelemetry({ service, version, environment });
  const logger = createLogger(service, { level: config.LOG_LEVEL, version, environment });
  const pool = createPool({ url: config.DATABASE_URL, applicationName: service, statementTimeoutMs, logger });
  return { logger, version, pool };
};

void runProgram({
  config: readConfig,
  async migrate(config) {
    // A migration takes as long as it takes.
    const { pool, logger } = setUp(config, 0);
    await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK, logger });
    await pool.end();
  },
  async serve(config) {
    const { pool, logger, version } = setUp(config);
    const kafka = createKafka({ brokers: config.KAFKA_BROKERS, clientId: config.SERVICE_NAME, logger });
    const patienceMs = config.CHECKOUT_PATIENCE_SECONDS * 1000;
    const service = createService({
      pool,
      kafka,
      logger,
      version,
      authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
      prices: createPriceSource(createHttpClient({ name: 'product', baseUrl: config.PRODUCT_SERVICE_URL })),
      patience: { ...defaultPatience, stockMs: patienceMs, paymentMs: patienceMs },
    });
    const stop = await service.start();
    await serve(service.app, {
      port: config.PORT,
      logger,
      async onShutdown() {
        await stop();
        await kafka.close();
        await pool.end();
      },
    });
  },
});
