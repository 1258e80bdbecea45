import { authenticate } from '@platform/libs/http';
import { runService } from '@platform/libs/service';
import { type Config, readConfig } from './config';
import { createStripe, createStripeGateway, createStripeNotifications } from './gateways/stripe';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  async start({ config, ...parts }) {
    const stripe = createStripe({ apiKey: config.STRIPE_API_KEY, apiUrl: config.STRIPE_API_URL });
    const { app, start } = createService({
      ...parts,
      authenticator: authenticate({ jwksUrl: config.JWKS_URL }),
      gateway: createStripeGateway(stripe),
      notifications: createStripeNotifications({ stripe, secret: config.STRIPE_WEBHOOK_SECRET }),
    });
    return { app, stop: await start() };
  },
});
