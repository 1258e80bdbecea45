import { loadCatalogue } from '../catalog/load';
import type { Environment } from '../catalog/schema';
import { parseConfig } from '../config';
import { serviceEnvironment, serviceMounts } from './service-environment';

const contextOf = (environment: Environment, more: Record<string, string> = {}) => ({
  services: loadCatalogue(environment),
  config: parseConfig({ 'ecommerce-platform:environment': environment, ...more }),
});

const environmentOf = (name: string, environment: Environment = 'local', more?: Record<string, string>) => {
  const context = contextOf(environment, more);
  const service = context.services.find((each) => each.name === name);
  if (!service) throw new Error(`no ${name}`);
  return Object.fromEntries(
    serviceEnvironment(service, context).map((variable) => [
      variable.name,
      variable.value ?? (variable.valueFrom as { secretKeyRef: object }).secretKeyRef,
    ]),
  );
};

test('product reads database and cache by the reference names', () => {
  expect(environmentOf('product')).toMatchObject({
    SERVICE_NAME: 'product-service',
    PORT: '3001',
    ENVIRONMENT: 'local',
    DATABASE_URL: { name: 'database-secret', key: 'url' },
    DATABASE_POOL_SIZE: '10',
    REDIS_URL: { name: 'redis-secret', key: 'url' },
    KAFKA_BROKERS: 'kafka:9092',
    SEED_PRODUCTS: '10000',
  });
});

test('inventory starts with stock of the products that there are', () => {
  expect(environmentOf('inventory')).toMatchObject({
    DATABASE_URL: { name: 'inventory-database-secret', key: 'url' },
    SEED_PRODUCTS: environmentOf('product').SEED_PRODUCTS,
    JWKS_URL: 'http://user-service/.well-known/jwks.json',
  });
});

test('order knows whom it calls and where tokens are checked', () => {
  const order = environmentOf('order');
  expect(order).toMatchObject({
    DATABASE_URL: { name: 'order-database-secret', key: 'url' },
    PRODUCT_SERVICE_URL: 'http://product-service',
    SHIPPING_SERVICE_URL: 'http://shipping-service',
    JWKS_URL: 'http://user-service/.well-known/jwks.json',
  });
  expect(order).not.toHaveProperty('REDIS_URL');
});

test('Kafka of the operator is reached encrypted, with a password of one’s own', () => {
  expect(environmentOf('order', 'production', { 'ecommerce-platform:messaging': 'strimzi' })).toMatchObject({
    KAFKA_BROKERS: 'kafka-kafka-bootstrap:9092',
    KAFKA_TLS: 'true',
    KAFKA_CA_FILE: '/var/run/secrets/kafka-ca/ca.crt',
    KAFKA_USERNAME: 'order-service',
    KAFKA_PASSWORD: { name: 'kafka-user-order-service', key: 'password' },
  });
});

test('the issuer alone has the signing keys, as a file, and knows the address it is known by', () => {
  expect(environmentOf('user')).toMatchObject({
    JWT_SIGNING_KEYS_FILE: '/var/run/secrets/jwt/keys.json',
    PUBLIC_URL: 'http://127.0.0.1:8080',
    MFA_ENCRYPTION_KEY: { name: 'user-mfa-secret', key: 'encryption-key' },
  });
  const context = contextOf('production');
  const holders = context.services.filter((service) => serviceMounts(service, context).length > 0);
  expect(holders.map(({ name }) => name)).toEqual(['user']);
});

test('payment talks to the sandbox locally and to the gateways themselves elsewhere', () => {
  expect(environmentOf('payment')).toMatchObject({
    STRIPE_API_URL: 'http://payment-sandbox:12111',
    STRIPE_API_KEY: { name: 'stripe-secret', key: 'api-key' },
    STRIPE_WEBHOOK_SECRET: { name: 'stripe-secret', key: 'webhook-secret' },
  });
  const production = environmentOf('payment', 'production');
  expect(Object.keys(production).filter((name) => name.endsWith('_API_URL'))).toEqual([]);
  expect(production).toMatchObject({
    PUBLIC_URL: expect.any(String),
    SQUARE_ACCESS_TOKEN: { name: 'square-secret', key: 'access-token' },
  });
  expect(environmentOf('payment', 'staging').PAYPAL_API_URL).toContain('sandbox.paypal.com');
});

test('shipping talks to the sandbox locally and to the carriers themselves elsewhere', () => {
  const credential = { name: 'carriers-secret', key: 'ups-client-secret' };
  expect(environmentOf('shipping')).toMatchObject({
    UPS_API_URL: 'http://carriers-sandbox:12121',
    UPS_CLIENT_SECRET: credential,
  });
  const production = environmentOf('shipping', 'production');
  expect(production).toMatchObject({
    UPS_CLIENT_SECRET: credential,
    SHIP_FROM: expect.stringMatching(/^\{.*\}$/),
  });
  expect(production).not.toHaveProperty('UPS_API_URL');
});

test('notification proves itself to user by one secret, which user makes', () => {
  const secret = { name: 'notification-client-secret', key: 'secret' };
  expect(environmentOf('notification')).toMatchObject({
    ...{ OAUTH_CLIENT_SECRET: secret, SMTP_URL: 'smtp://mail-sandbox:1025', SMTP_TLS: 'none' },
    STAFF_WEBHOOK_URL: 'http://mail-sandbox:12131/webhook',
  });
  expect(environmentOf('user')).toMatchObject({ NOTIFICATION_CLIENT_SECRET: secret });
  const production = environmentOf('notification', 'production');
  expect(production).toMatchObject({
    SMTP_URL: expect.stringMatching(/^smtps:\/\/[^@]+$/),
    SMTP_PASSWORD: { name: 'smtp-secret', key: 'password' },
  });
  expect(production).not.toHaveProperty('SMTP_TLS');
});

test('a setting of the catalogue cannot hide one of the platform', () => {
  const context = contextOf('local');
  const [service] = context.services;
  if (!service) throw new Error('empty');
  const clashing = { ...service, env: { PORT: '1' } };
  expect(() => serviceEnvironment(clashing, context)).toThrow(/env\.PORT: the platform sets PORT itself/);
});
