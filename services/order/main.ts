import { authenticate } from '@platform/libs/http';
import { runService, type ServiceParts } from '@platform/libs/service';
import { salesCommand } from './commands';
import { type Config, readConfig } from './config';
import { defaultPatience } from './domain/checkout';
import { createOfferSource } from './gateways/offers';
import { createPriceSource } from './gateways/products';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

const build = ({ config, upstream, ...parts }: ServiceParts<Config>) => {
  const patienceMs = config.CHECKOUT_PATIENCE_SECONDS * 1000;
  return createService({
    ...parts,
    authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
    prices: createPriceSource(upstream('product', config.PRODUCT_SERVICE_URL)),
    offers: createOfferSource(upstream('shipping', config.SHIPPING_SERVICE_URL)),
    patience: { ...defaultPatience, stockMs: patienceMs, paymentMs: patienceMs },
  });
};

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  commands: { sales: salesCommand },
  operations: (parts) => build(parts).operations,
  async start(parts) {
    const { app, start } = build(parts);
    return { app, stop: await start() };
  },
});
