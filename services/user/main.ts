import { runService } from '@platform/libs/service';
import { installMachine } from './application/authorisation';
import { systemClock } from './application/ports';
import { createAdminCommand, createClientCommand } from './commands';
import { type Config, readConfig } from './config';
import { notificationClient } from './domain/oauth';
import { createPersonalDataSource } from './gateways/personal-data';
import { createHasher } from './security/hasher';
import { watchSigningKeys } from './security/signing-keys';
import { createService } from './service';
import { createAuthorisationStore } from './storage/clients';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

void runService<Config>({
  config: readConfig,
  migrations,
  lockId: MIGRATION_LOCK,
  seed: (pool, { NOTIFICATION_CLIENT_SECRET: secret }) =>
    installMachine({ store: createAuthorisationStore(pool), clock: systemClock }, notificationClient, secret),
  commands: { 'create-admin': createAdminCommand, 'create-client': createClientCommand },
  async start({ config, upstream, ...parts }) {
    const keys = await watchSigningKeys(config.JWT_SIGNING_KEYS_FILE, parts.logger);
    const { app, start } = createService({
      ...parts,
      ...{ hasher: createHasher(), keys: keys.current },
      limits: {
        registrations: { windowMs: 60_000, limit: config.REGISTRATIONS_PER_MINUTE },
        logins: { windowMs: 900_000, limit: config.LOGIN_FAILURES_PER_QUARTER_HOUR },
      },
      timeouts: {
        idleMs: config.SESSION_IDLE_SECONDS * 1000,
        absoluteMs: config.SESSION_ABSOLUTE_SECONDS * 1000,
      },
      encryptionKey: config.MFA_ENCRYPTION_KEY,
      publicUrl: config.PUBLIC_URL,
      sources: [
        createPersonalDataSource({
          ...{ name: 'cart', client: upstream('cart', config.CART_SERVICE_URL) },
          path: '/v1/cart/personal-data',
        }),
        createPersonalDataSource({
          ...{ name: 'order', client: upstream('order', config.ORDER_SERVICE_URL) },
          path: '/v1/orders/personal-data',
        }),
        createPersonalDataSource({
          ...{ name: 'payment', client: upstream('payment', config.PAYMENT_SERVICE_URL) },
          path: '/v1/payments/personal-data',
        }),
        createPersonalDataSource({
          ...{ name: 'shipping', client: upstream('shipping', config.SHIPPING_SERVICE_URL) },
          path: '/v1/shipments/personal-data',
        }),
        createPersonalDataSource({
          ...{ name: 'notification', client: upstream('notification', config.NOTIFICATION_SERVICE_URL) },
          path: '/v1/notifications/personal-data',
        }),
      ],
    });
    const stop = await start();
    return {
      app,
      async stop() {
        await stop();
        keys.stop();
      },
    };
  },
});
