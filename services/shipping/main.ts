import { authenticate } from '@platform/libs/http';
import { runService, type ServiceParts } from '@platform/libs/service';
import { type Config, readConfig } from './config';
import { defaultPace } from './domain/tracking';
import { createCarriers } from './gateways/carriers';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

const build = ({ config, ...parts }: ServiceParts<Config>) =>
  createService({
    ...parts,
    authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
    carriers: createCarriers(config),
    origin: config.SHIP_FROM,
    currency: config.SHOP_CURRENCY,
    rates: config.EXCHANGE_RATES,
    quoteValidityMs: config.QUOTE_VALIDITY_SECONDS * 1000,
    pace: { ...defaultPace, firstMs: config.TRACKING_SECONDS * 1000 },
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
