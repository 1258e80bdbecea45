// Every service's app on a real database, with nothing behind it that could answer.
import { randomUUID } from 'node:crypto';
import { createKafka } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createHttpClient } from '@platform/libs/resilience';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres } from '@platform/libs/testing';
import type { Express } from 'express';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import request from 'supertest';
import { authenticate } from '../../libs/http';
import { createOrderPort } from '../../services/cart/gateways/orders';
import { createService as createCart } from '../../services/cart/service';
import { migrations as cartMigrations } from '../../services/cart/storage/migrations';
import { createService as createInventory } from '../../services/inventory/service';
import { migrations as inventoryMigrations } from '../../services/inventory/storage/migrations';
import { createService as createNotification } from '../../services/notification/service';
import { migrations as notificationMigrations } from '../../services/notification/storage/migrations';
import { createService as createOrder } from '../../services/order/service';
import { migrations as orderMigrations } from '../../services/order/storage/migrations';
import { connectGateways, readNotifications } from '../../services/payment/gateways';
import { createService as createPayment } from '../../services/payment/service';
import { migrations as paymentMigrations } from '../../services/payment/storage/migrations';
import { createCachedCatalogue, createApp as createProduct } from '../../services/product/app';
import { createEditing } from '../../services/product/application/editing';
import { migrations as productMigrations } from '../../services/product/storage/migrations';
import { createProductStore } from '../../services/product/storage/product-store';
import { carriersOf } from '../../services/shipping/application/ports';
import { createService as createShipping } from '../../services/shipping/service';
import { migrations as shippingMigrations } from '../../services/shipping/storage/migrations';
import { createApp as createUser } from '../../services/user/app';
import { createHasher } from '../../services/user/security/hasher';
import { migrations as userMigrations } from '../../services/user/storage/migrations';

export const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

export interface OperationDocument {
  security?: { bearer?: string[] }[];
  parameters?: { name: string; in: 'path' | 'query' | 'header' }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, unknown>;
}

export interface Operation {
  service: string;
  method: (typeof methods)[number];
  path: string;
  scope?: string;
  /** As the service's OpenAPI document has it. */
  document: OperationDocument;
}

const logger = createLogger('endpoints', { level: 'silent' });

export async function startApps() {
  const postgres = await startPostgres();
  const pools: Pool[] = [];
  const apps: Record<string, Express> = {};
  const operations: Operation[] = [];
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] };
  const token = (scope: string): Promise<string> =>
    new SignJWT({ roles: ['customer'], scope })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setSubject('00000000-0000-4000-8000-000000000000')
      .setIssuer('ecommerce-platform')
      .setAudience('ecommerce-platform')
      .setExpirationTime('5m')
      .sign(privateKey);
  const authenticator = authenticate({ keys: createLocalJWKSet(jwks) });
  const database = async (migrations: typeof userMigrations) => {
    const pool = createPool({ url: await postgres.createDatabase() });
    pools.push(pool);
    await runMigrations({ pool, migrations, lockId: 1 });
    return pool;
  };
  // Nobody answers there, and nobody is asked before a request was let in.
  const nowhere = 'http://127.0.0.1:9';
  const kafka = createKafka({ brokers: ['127.0.0.1:9'], clientId: 'endpoints', logger });
  const common = { logger, version: 'v1', authenticator, kafka };
  const products = await database(productMigrations);
  const gateways = {
    ...{ STRIPE_API_KEY: 'sk_test_x', STRIPE_WEBHOOK_SECRET: 'whsec_x', STRIPE_API_URL: nowhere },
    ...{ PAYPAL_CLIENT_ID: 'x', PAYPAL_CLIENT_SECRET: 'x', PAYPAL_WEBHOOK_ID: 'X', PAYPAL_API_URL: nowhere },
    ...{ SQUARE_ACCESS_TOKEN: 'x', SQUARE_WEBHOOK_SIGNATURE_KEY: 'x', SQUARE_API_URL: nowhere },
    SQUARE_WEBHOOK_URL: nowhere,
  };
  apps.product = createProduct({
    ...{ pool: products, checkBroker: () => kafka.check() },
    ...{ logger, version: 'v1', authenticator, catalogue: createCachedCatalogue({ reads: products }) },
    editing: createEditing(createProductStore(products), randomUUID),
  });
  apps.cart = createCart({
    ...{ ...common, pool: await database(cartMigrations), ttlMs: 86_400_000 },
    products: { offers: async () => new Map() },
    orders: createOrderPort(createHttpClient({ name: 'order', baseUrl: nowhere })),
  }).app;
  apps.inventory = createInventory({
    ...{ ...common, pool: await database(inventoryMigrations), reservationMs: 1000 },
  }).app;
  apps.notification = createNotification({
    ...{ ...common, pool: await database(notificationMigrations) },
    ...{ senders: {}, addresses: async () => 'gone' },
  }).app;
  apps.order = createOrder({
    ...{ ...common, pool: await database(orderMigrations) },
    prices: { prices: async () => new Map() },
    offers: { offer: async () => undefined },
  }).app;
  apps.payment = createPayment({
    ...{ ...common, pool: await database(paymentMigrations) },
    gateways: connectGateways(gateways),
    notifications: readNotifications(gateways),
  }).app;
  const origin = {
    name: 'x',
    street: ['x'],
    city: 'x',
    postalCode: '00001',
    country: 'US',
    phone: '0000000',
  };
  apps.shipping = createShipping({
    ...{ ...common, pool: await database(shippingMigrations) },
    ...{ carriers: carriersOf([]), origin, currency: 'USD', quoteValidityMs: 1000 },
  }).app;
  const limit = { windowMs: 60_000, limit: 1000 };
  apps.user = createUser({
    ...{ pool: await database(userMigrations), hasher: createHasher(), logger, version: 'v1' },
    keys: () => ({ active: { kid: 'k1', key: privateKey }, jwks }),
    limits: { registrations: limit, logins: limit },
    timeouts: { idleMs: 900_000, absoluteMs: 43_200_000 },
    ...{ encryptionKey: 'only for tests, only for tests, only for tests', publicUrl: nowhere, sources: [] },
  });
  for (const [service, app] of Object.entries(apps)) {
    const { body } = await request(app).get(`/docs/${service}/openapi.json`);
    for (const [path, item] of Object.entries<Record<string, OperationDocument>>(body.paths)) {
      for (const method of methods) {
        const document = item[method];
        if (document)
          operations.push({ service, method, path, scope: document.security?.[0]?.bearer?.[0], document });
      }
    }
  }
  return {
    apps,
    operations,
    token,
    async stop() {
      for (const pool of pools) await pool.end();
      await postgres.stop();
    },
  };
}
