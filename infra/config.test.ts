import { ConfigError, imageReference, parseConfig } from './config';

const config = (own: Record<string, string>) =>
  Object.fromEntries(Object.entries(own).map(([key, value]) => [`ecommerce-platform:${key}`, value]));

const refusal = (own: Record<string, string>): string => {
  try {
    parseConfig(config(own));
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

const aws = {
  accountId: '111122223333',
  owner: 'platform',
  costCentre: 'shop',
  contacts: { security: ['a@example.com'], budget: ['b@example.com'] },
  monthlyBudgetUsd: 100,
  cluster: { administrators: ['arn:aws:iam::111122223333:role/deployer'] },
  edge: { zoneId: 'Z0123456789', assetsHost: 'assets.example.com' },
};

test('needs no more than the environment; the rest has production’s figures', () => {
  expect(parseConfig(config({ environment: 'production' }))).toMatchObject({
    releaseManaged: false,
    secrets: 'generated',
    secretGenerations: {},
    gatewayHosts: ['*'],
    storageClass: 'standard',
    postgres: { storage: '100Gi' },
    kafka: { brokers: 3 },
  });
});

test('reads structured values as the engines pass them: JSON text', () => {
  const { kafka, images } = parseConfig(
    config({
      environment: 'local',
      kafka: '{"brokers":1}',
      images: '{"redis":"localhost/x/redis:0123456789abcdef"}',
    }),
  );
  expect(kafka.brokers).toBe(1);
  expect(images.redis).toBe('localhost/x/redis:0123456789abcdef');
});

test('leaves other projects’ keys alone', () => {
  expect(() => parseConfig({ ...config({ environment: 'local' }), 'kubernetes:context': 'x' })).not.toThrow();
});

test.each([
  [
    'a missing environment',
    {},
    /ecommerce-platform:environment: is missing; must be local, staging, production/,
  ],
  [
    'an unknown environment',
    { environment: 'prod' },
    /environment: is text of 4 characters; must be local, staging, production/,
  ],
  [
    'an unknown key',
    { environment: 'local', imageTags: '1' },
    /ecommerce-platform:imageTags: there is no such setting; there are environment, registry/,
  ],
  [
    'an unknown nested key',
    { environment: 'local', kafka: '{"broker":1}' },
    /kafka:broker: there is no such setting/,
  ],
  [
    'a flag that is none',
    { environment: 'local', releaseManaged: 'yes' },
    /releaseManaged: is text of 3 characters; must be true or false/,
  ],
  [
    'a generation that is none',
    { environment: 'local', secretGenerations: '{"jwt-secret":"two"}' },
    /secretGenerations\.jwt-secret: .*must be a whole number from 1/,
  ],
  [
    'a generation out of range',
    { environment: 'local', secretGenerations: '{"jwt-secret":0}' },
    /secretGenerations\.jwt-secret: .*must be a whole number from 1/,
  ],
  ['two brokers', { environment: 'local', kafka: '{"brokers":2}' }, /kafka\.brokers: .*must be 1, 3 or 5/],
  [
    'text for a mapping',
    { environment: 'local', kafka: 'big' },
    /kafka: is text of 3 characters; must be a mapping/,
  ],
  [
    'the tag latest',
    { environment: 'local', registry: 'h/p', imageTag: 'latest' },
    /imageTag: .*never latest/,
  ],
  ['a registry without a tag', { environment: 'local', registry: 'h/p' }, /imageTag: is missing/],
  [
    'an image without a tag',
    { environment: 'local', images: '{"redis":"x/redis"}' },
    /images\.redis: .*a tag or digest/,
  ],
  ['an empty value', { environment: '' }, /environment: is empty/],
  [
    'traces that go nowhere',
    { environment: 'local', tracingProvider: 'otel' },
    /tracingCollector: is missing; tracingProvider/,
  ],
  [
    'a collector nobody sends to',
    { environment: 'local', tracingCollector: 'otel-collector:4317' },
    /tracingCollector: is where tracingProvider would send/,
  ],
  [
    'AWS’s broker without AWS',
    { environment: 'local', messaging: 'msk' },
    /messaging: msk is the broker of the aws layer, which needs data: aws/,
  ],
  ['AWS without an account', { environment: 'local', data: 'aws' }, /aws: is missing; data is aws/],
  [
    'an account for nothing',
    { environment: 'local', aws: JSON.stringify(aws) },
    /aws: says how to build what data does not ask for; remove it, or set data to aws/,
  ],
  [
    'AWS for any host name',
    { environment: 'local', data: 'aws', secrets: 'external', aws: JSON.stringify(aws) },
    /gatewayHosts: are all names; a certificate needs to know them/,
  ],
  [
    'AWS with passwords of one’s own',
    { environment: 'local', data: 'aws', aws: JSON.stringify(aws) },
    /secrets: must be external where data is aws/,
  ],
  [
    'an account number that lost its zeros',
    { environment: 'local', data: 'aws', aws: JSON.stringify({ ...aws, accountId: '1234' }) },
    /aws\.accountId: .*twelve digits/,
  ],
])('refuses %s', (_title, own, message) => {
  expect(refusal(own as Record<string, string>)).toMatch(message);
});

test('never repeats a wrong value: it may be a secret', () => {
  expect(refusal({ environment: 'hunter2-very-secret', releaseManaged: 'another-secret' })).not.toMatch(
    /secret/,
  );
});

describe('imageReference', () => {
  const images = { redis: 'localhost/x/redis:0123456789abcdef' };

  test('a reference of its own goes before the registry', () => {
    const from = { images, registry: 'h/p', imageTag: '1.2.3' };
    expect(imageReference(from, 'redis')).toBe(images.redis);
    expect(imageReference(from, 'kafka')).toBe('h/p/kafka:1.2.3');
  });

  test('says what to do when an image is nowhere', () => {
    expect(() => imageReference({ images }, 'kafka')).toThrow(/has no "kafka"; .*registry and .*imageTag/);
  });
});
