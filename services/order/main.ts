import { authenticate } from '@platform/libs/http';
import { runService } from '@platform/libs/service';
import { type Config, readConfig } from './config';
import { defaultPatience } from './domain/checkout';
import { createPriceSource } from './gateways/products';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  async start({ config, upstream, ...parts }) {
    const patienceMs = config.CHECKOUT_PATIENCE_SECONDS * 1000;
    const { app, start } = createService({
      ...parts,
      authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
      prices: createPriceSource(upstream('product', config.PRODUCT_SERVICE_URL)),
      patience: { ...defaultPatience, stockMs: patienceMs, paymentMs: patienceMs },
    });
    return { app, stop: await start() };
  },
});
