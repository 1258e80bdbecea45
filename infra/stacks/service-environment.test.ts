import { loadCatalogue } from '../catalog/load';
import type { Environment } from '../catalog/schema';
import { serviceEnvironment, serviceMounts } from './service-environment';

const environmentOf = (name: string, environment: Environment = 'local') => {
  const services = loadCatalogue(environment);
  const service = services.find((each) => each.name === name);
  if (!service) throw new Error(`no ${name}`);
  return Object.fromEntries(
    serviceEnvironment(service, services, environment).map((variable) => [
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
    REDIS_URL: { name: 'redis-secret', key: 'url' },
    KAFKA_BROKERS: 'kafka:9092',
    SEED_PRODUCTS: '10000',
  });
});

test('order knows whom it calls and where tokens are checked', () => {
  const order = environmentOf('order');
  expect(order).toMatchObject({
    DATABASE_URL: { name: 'order-database-secret', key: 'url' },
    PRODUCT_SERVICE_URL: 'http://product-service',
    JWKS_URL: 'http://user-service/.well-known/jwks.json',
  });
  expect(order).not.toHaveProperty('REDIS_URL');
});

test('the issuer alone has the signing keys, as a file', () => {
  expect(environmentOf('user')).toMatchObject({ JWT_SIGNING_KEYS_FILE: '/var/run/secrets/jwt/keys.json' });
  const holders = loadCatalogue('production').filter((service) => serviceMounts(service).length > 0);
  expect(holders.map(({ name }) => name)).toEqual(['user']);
});

test('payment talks to the sandbox locally and to Stripe itself elsewhere', () => {
  expect(environmentOf('payment')).toMatchObject({
    STRIPE_API_URL: 'http://stripe-sandbox:12111',
    STRIPE_API_KEY: { name: 'stripe-secret', key: 'api-key' },
    STRIPE_WEBHOOK_SECRET: { name: 'stripe-secret', key: 'webhook-secret' },
  });
  expect(environmentOf('payment', 'production')).not.toHaveProperty('STRIPE_API_URL');
});

test('a setting of the catalogue cannot hide one of the platform', () => {
  const services = loadCatalogue('local');
  const [service] = services;
  if (!service) throw new Error('empty');
  const clashing = { ...service, env: { PORT: '1' } };
  expect(() => serviceEnvironment(clashing, services, 'local')).toThrow(
    /env\.PORT: the platform sets PORT itself/,
  );
});
