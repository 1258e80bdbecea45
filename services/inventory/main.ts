import { authenticate } from '@platform/libs/http';
import { runService, type ServiceParts } from '@platform/libs/service';
import { announceCommand } from './commands';
import { type Config, readConfig } from './config';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';
import { seedStock } from './storage/seed';

const build = ({ config, ...parts }: ServiceParts<Config>) =>
  createService({
    ...parts,
    authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
    reservationMs: config.RESERVATION_SECONDS * 1000,
  });

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  seed: (pool, config) => seedStock(pool, config.SEED_PRODUCTS),
  commands: { announce: announceCommand },
  operations: (parts) => build(parts).operations,
  async start(parts) {
    const { app, start } = build(parts);
    return { app, stop: await start() };
  },
});
