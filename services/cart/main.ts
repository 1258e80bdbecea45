import { authenticate } from '@platform/libs/http';
import { runService, type ServiceParts } from '@platform/libs/service';
import { type Config, readConfig } from './config';
import { createOrderPort } from './gateways/orders';
import { createProductSource } from './gateways/products';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

const DAY_MS = 86_400_000;

const build = ({ config, upstream, ...parts }: ServiceParts<Config>) =>
  createService({
    ...parts,
    authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
    products: createProductSource(upstream('product', config.PRODUCT_SERVICE_URL)),
    // Asked once, and longer than order asks product: a second answer of the same call would hide what became of the first.
    orders: createOrderPort(upstream('order', config.ORDER_SERVICE_URL, { attempts: 1, timeoutMs: 8000 })),
    ttlMs: config.CART_TTL_DAYS * DAY_MS,
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
