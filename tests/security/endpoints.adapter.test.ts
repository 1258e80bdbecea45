// Walks every operation of every service's own OpenAPI document: what is open is listed here, everything else must refuse.
import { createKafka } from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createHttpClient } from '@platform/libs/resilience';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres, type TestPostgres } from '@platform/libs/testing';
import type { Express } from 'express';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import request from 'supertest';
import { authenticate } from '../../libs/http';
import { createOrderPort } from '../../services/cart/gateways/orders';
import { createProductSource } from '../../services/cart/gateways/products';
import { createService as createCart } from '../../services/cart/service';
import { migrations as cartMigrations } from '../../services/cart/storage/migrations';
import { createService as createInventory } from '../../services/inventory/service';
import { migrations as inventoryMigrations } from '../../services/inventory/storage/migrations';
import { createService as createNotification } from '../../services/notification/service';
import { migrations as notificationMigrations } from '../../services/notification/storage/migrations';
import { createPriceSource } from '../../services/order/gateways/products';
import { createService as createOrder } from '../../services/order/service';
import { migrations as orderMigrations } from '../../services/order/storage/migrations';
import { connectGateways, readNotifications } from '../../services/payment/gateways';
import { createService as createPayment } from '../../services/payment/service';
import { migrations as paymentMigrations } from '../../services/payment/storage/migrations';
import { createCachedCatalogue, createApp as createProduct } from '../../services/product/app';
import { migrations as productMigrations } from '../../services/product/storage/migrations';
import { carriersOf } from '../../services/shipping/application/ports';
import { createService as createShipping } from '../../services/shipping/service';
import { migrations as shippingMigrations } from '../../services/shipping/storage/migrations';
import { createApp as createUser } from '../../services/user/app';
import { ALL_SCOPES } from '../../services/user/domain/permissions';
import { createHasher } from '../../services/user/security/hasher';
import { migrations as userMigrations } from '../../services/user/storage/migrations';

jest.setTimeout(120_000);

/** Whoever makes a route open to everybody adds it here, and thereby says so. */
const OPEN = [
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /v1/oauth/authorize',
  'GET /v1/products',
  'GET /v1/products/{id}',
  'POST /v1/oauth/authorize',
  'POST /v1/oauth/revoke',
  'POST /v1/oauth/token',
  'POST /v1/sessions',
  'POST /v1/sessions/refresh',
  'POST /v1/users',
  'POST /v1/webhooks/paypal',
  'POST /v1/webhooks/square',
  'POST /v1/webhooks/stripe',
];

interface Operation {
  service: string;
  method: string;
  path: string;
  scope?: string;
}

const logger = createLogger('endpoints', { level: 'silent' });
const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
const pools: Pool[] = [];
const apps: Record<string, Express> = {};
const operations: Operation[] = [];
let postgres: TestPostgres;
let token: (scope: string) => Promise<string>;

beforeAll(async () => {
  postgres = await startPostgres();
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] };
  token = (scope) =>
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
    ...{ logger, version: 'v1', catalogue: createCachedCatalogue({ reads: products }) },
  });
  apps.cart = createCart({
    ...{ ...common, pool: await database(cartMigrations), ttlMs: 86_400_000 },
    products: createProductSource(createHttpClient({ name: 'product', baseUrl: nowhere })),
    orders: createOrderPort(createHttpClient({ name: 'order', baseUrl: nowhere })),
  }).app;
  apps.inventory = createInventory({
    ...{ ...common, pool: await database(inventoryMigrations), reservationMs: 1000 },
  }).app;
  apps.order = createOrder({
    ...{ ...common, pool: await database(orderMigrations) },
    prices: createPriceSource(createHttpClient({ name: 'product', baseUrl: nowhere })),
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
  apps.notification = createNotification({
    ...{ ...common, pool: await database(notificationMigrations) },
    ...{ senders: {}, addresses: async () => 'gone' },
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
    for (const [path, item] of Object.entries<Record<string, { security?: { bearer?: string[] }[] }>>(
      body.paths,
    )) {
      for (const method of methods) {
        const found = item[method];
        if (found) operations.push({ service, method, path, scope: found.security?.[0]?.bearer?.[0] });
      }
    }
  }
}, 120_000);
afterAll(async () => {
  for (const pool of pools) await pool.end();
  await postgres?.stop();
});

const nameOf = ({ method, path }: Operation) => `${method.toUpperCase()} ${path}`;
const ask = ({ service, method, path }: Operation, bearer?: string) => {
  const filled = path.replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000001');
  const asking = request(apps[service] as Express)[method as (typeof methods)[number]](filled);
  return bearer === undefined ? asking : asking.set('authorization', `Bearer ${bearer}`);
};
/** What each operation answered that answered something else. */
const others = async (
  those: Operation[],
  bearer: (one: Operation) => Promise<string | undefined>,
  fits: (status: number) => boolean,
) => {
  const wrong: string[] = [];
  for (const one of those) {
    const { status } = await ask(one, await bearer(one));
    if (!fits(status)) wrong.push(`${nameOf(one)} answered ${status}`);
  }
  return wrong;
};
const guarded = () => operations.filter(({ scope }) => scope !== undefined);

describe('the endpoints of all services', () => {
  it('are open to everybody only where it is said', () => {
    const open = operations.filter(({ scope }) => scope === undefined);
    expect(open.map(nameOf).sort()).toEqual([...OPEN].sort());
    expect(guarded().length).toBeGreaterThan(20);
  });

  it('demand only scopes that some role has', () => {
    expect(guarded().filter(({ scope }) => !ALL_SCOPES.includes(scope as string))).toEqual([]);
  });

  it('answer 401 without a token', async () => {
    expect(
      await others(
        guarded(),
        async () => undefined,
        (status) => status === 401,
      ),
    ).toEqual([]);
  });

  it('answer 403 with a token that has every scope but theirs', async () => {
    const tooLittle = ({ scope }: Operation) => token(ALL_SCOPES.filter((one) => one !== scope).join(' '));
    expect(await others(guarded(), tooLittle, (status) => status === 403)).toEqual([]);
  });

  it('let the right token in, and fail on nothing that is sent empty', async () => {
    const fits = (status: number) => status !== 401 && status !== 403 && status < 500;
    const right = ({ scope }: Operation) => token(scope as string);
    // Whose token it is does not exist: two answer that, and say so.
    expect(await others(guarded(), right, fits)).toEqual([
      'GET /v1/users/me answered 401',
      'GET /v1/users/me/personal-data answered 401',
    ]);
    expect(
      await others(
        operations.filter(({ scope }) => !scope),
        async () => undefined,
        (status) => status < 500,
      ),
    ).toEqual([]);
  });
});
