import { runProgram } from '@platform/libs/config';
import { serve } from '@platform/libs/http';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { configureTelemetry, createLogger } from '@platform/libs/telemetry';
import { createApp } from './app';
import { type Config, readConfig } from './config';
import { createHasher } from './security/hasher';
import { watchSigningKeys } from './security/signing-keys';
import { LOCK_ID, migrations } from './storage/migrations';

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
    await runMigrations({ pool, migrations, lockId: LOCK_ID, logger });
    await pool.end();
  },
  async serve(config) {
    configureTelemetry({
      service: config.SERVICE_NAME,
      version: config.SERVICE_VERSION,
      environment: config.ENVIRONMENT,
    });
    const logger = loggerFor(config);
    const keys = await watchSigningKeys(config.JWT_SIGNING_KEYS_FILE, logger);
    const pool = createPool({ url: config.DATABASE_URL, applicationName: config.SERVICE_NAME, logger });
    const app = createApp({
      pool,
      hasher: createHasher(),
      keys: keys.current,
      limits: {
        registrations: { windowMs: 60_000, limit: config.REGISTRATIONS_PER_MINUTE },
        logins: { windowMs: 900_000, limit: config.LOGIN_FAILURES_PER_QUARTER_HOUR },
      },
      logger,
      version: config.SERVICE_VERSION,
    });
    await serve(app, {
      port: config.PORT,
      logger,
      onShutdown: async () => {
        keys.stop();
        await pool.end();
      },
    });
  },
});
