import { runService } from '@platform/libs/service';
import { createApp } from './app';
import { type Config, readConfig } from './config';
import { createHasher } from './security/hasher';
import { watchSigningKeys } from './security/signing-keys';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  async start({ config, version, logger, pool }) {
    const keys = await watchSigningKeys(config.JWT_SIGNING_KEYS_FILE, logger);
    const app = createApp({
      ...{ pool, logger, version, hasher: createHasher(), keys: keys.current },
      limits: {
        registrations: { windowMs: 60_000, limit: config.REGISTRATIONS_PER_MINUTE },
        logins: { windowMs: 900_000, limit: config.LOGIN_FAILURES_PER_QUARTER_HOUR },
      },
    });
    return {
      app,
      async stop() {
        keys.stop();
      },
    };
  },
});
