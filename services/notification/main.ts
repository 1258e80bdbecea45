import { authenticate } from '@platform/libs/http';
import { runService, type ServiceParts } from '@platform/libs/service';
import { systemClock } from './application/ports';
import { type Config, readConfig } from './config';
import { defaultPace } from './domain/delivery';
import { createAddresses } from './gateways/addresses';
import { createSenders } from './gateways/senders';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

const build = ({ config, upstream, ...parts }: ServiceParts<Config>) =>
  createService({
    ...parts,
    authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
    senders: createSenders(config, systemClock),
    addresses: createAddresses({
      client: upstream('user', config.USER_SERVICE_URL),
      credentials: { id: 'notification-service', secret: config.OAUTH_CLIENT_SECRET },
      clock: systemClock,
    }),
    staffEmail: config.STAFF_EMAIL,
    pace: { ...defaultPace, attempts: config.SEND_ATTEMPTS },
  });

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  operations: (parts) => build(parts).operations,
  async start(parts) {
    const { app, start } = build(parts);
    return { app, stop: await start() };
  },
});
