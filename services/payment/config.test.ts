import { readConfig } from './config';

const good = {
  DATABASE_URL: 'postgres://payment:pw@postgres:5432/payment',
  KAFKA_BROKERS: 'kafka:9092',
  JWKS_URL: 'http://user-service/.well-known/jwks.json',
  STRIPE_API_KEY: 'sk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
};

describe('the configuration of payment', () => {
  it('means Stripe itself when no other address is given', () => {
    expect(readConfig(good)).toMatchObject({ PORT: 3004, KAFKA_BROKERS: ['kafka:9092'] });
    expect(readConfig(good).STRIPE_API_URL).toBeUndefined();
  });
  it('names what is missing', () => {
    const { STRIPE_API_KEY: _, ...rest } = good;
    expect(() => readConfig(rest)).toThrow('STRIPE_API_KEY is not set');
  });
  it.each([
    ['STRIPE_API_KEY', 'pk_test_public'],
    ['STRIPE_WEBHOOK_SECRET', 'guessable'],
    ['STRIPE_API_URL', 'stripe-sandbox'],
  ])('names %s when it is wrong, and keeps the value to itself', (name, value) => {
    const read = () => readConfig({ ...good, [name]: value });
    expect(read).toThrow(`${name} is not valid`);
    expect(read).not.toThrow(value);
  });
});
