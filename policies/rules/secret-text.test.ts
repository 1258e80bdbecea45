import fc from 'fast-check';
import { entropy, isHarmless, namesSecret, secretIn, secretSettings } from './secret-text';

describe('namesSecret', () => {
  it.each([
    'PASSWORD',
    'DB_PASSWORD',
    'stripe.api-key',
    'clientSecret',
    'GITHUB_TOKEN',
    'signingKey',
    'POSTGRES_PWD',
    'dbpassword',
  ])('knows %s', (name) => expect(namesSecret(name)).toBe(true));
  it.each([
    'PASSWORD_FILE',
    'TOKEN_URL',
    'SECRET_NAME',
    'PASSWORD_MIN_LENGTH',
    'KEY',
    'PUBLIC_KEY',
    'TOKENS',
    'SORT_KEY',
    'password_encryption',
  ])('lets %s be', (name) => expect(namesSecret(name)).toBe(false));
});

describe('entropy', () => {
  it('lies between 0 and the logarithm of the number of different characters', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const different = new Set(text).size;
        expect(entropy(text)).toBeGreaterThanOrEqual(0);
        expect(entropy(text)).toBeLessThanOrEqual(Math.log2(different) + 1e-9);
      }),
    );
  });

  it('does not depend on the order of the characters', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(entropy([...text].reverse().join(''))).toBeCloseTo(entropy(text), 9);
      }),
    );
  });
});

describe('secretIn', () => {
  it.each([
    [
      'a signed token (JWT)',
      ['eyJhbGciOiJFUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTYifQ', 'c2lnbmF0dXJlMTIz'].join('.'),
    ],
    ['an AWS access key id', `AKIA${'ABCDEFGH23456789'}`],
    ['a Stripe webhook secret', `whsec_${'a1b2c3d4e5f6a1b2'}`],
    ['a Slack token', ['xoxb', '1234567890', 'abcdef'].join('-')],
    ['an address with a password in it', 'mongodb+srv://app:s3cr3t@db.test/shop'],
  ])('finds %s', (what, text) => expect(secretIn(`x = ${text}`)).toBe(what));

  it.each([
    'http://product-service:80/v1?x=a@b',
    'postgres://order@postgres:5432/order',
    'amqp://user:<password>@queue',
    'https://host:8443/path',
    'sha512-q7Zt0P4xK9mB2vN8sW3yLr6HdTfJ1cGa5Eq7Zt0P4xK9mB2vN8sW3yLr6HdTfJ1cGa5E==',
    '018f3c1e-9b7a-7c3d-8e2f-1a2b3c4d5e6f',
    'org.apache.kafka.common.security.scram.ScramLoginModule',
    'the quick brown fox jumps over the lazy dog',
  ])('lets %s be', (text) => expect(secretIn(text)).toBeUndefined());

  it('ends soon on long texts', () => {
    const text = 'a:'.repeat(50_000) + 'x='.repeat(50_000);
    const started = Date.now();
    secretIn(text);
    secretSettings(text);
    expect(Date.now() - started).toBeLessThan(2_000);
  });
});

describe('isHarmless', () => {
  it.each([
    '',
    '$(DB_PASSWORD)',
    '%s',
    '<from vault>',
    '{{ .Values.x }}',
    'true',
    '3600',
    '15m',
    '/run/secrets/x',
    'file:x',
  ])('lets %j be', (value) => expect(isHarmless(value)).toBe(true));
  it('does not take a value for a reference', () => expect(isHarmless('hunter22')).toBe(false));
});
