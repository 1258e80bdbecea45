import { authenticate } from '@platform/libs/http';
import { runService, type ServiceParts } from '@platform/libs/service';
import { reconcileCommand } from './commands';
import { type Config, readConfig } from './config';
import { connectGateways, readNotifications } from './gateways';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

const build = ({ config, ...parts }: ServiceParts<Config>) =>
  createService({
    ...parts,
    authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
    gateways: connectGateways(config),
    notifications: readNotifications(config),
  });

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  operations: (parts) => build(parts).operations,
  commands: {
    reconcile: ({ config, pool, args }) =>
      reconcileCommand({ pool, args, gateways: connectGateways(config) }),
  },
  async start(parts) {
    const { app, start } = build(parts);
    return { app, stop: await start() };
  },
});
