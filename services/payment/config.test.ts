import { readConfig } from './config';

const good = {
  DATABASE_URL: 'postgres://payment:pw@postgres:5432/payment',
  KAFKA_BROKERS: 'kafka:9092',
  JWKS_URL: 'http://user-service/.well-known/jwks.json',
  STRIPE_API_KEY: 'sk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
  PAYPAL_CLIENT_ID: 'client',
  PAYPAL_CLIENT_SECRET: 'hush',
  PAYPAL_WEBHOOK_ID: 'WH1',
  SQUARE_ACCESS_TOKEN: 'token',
  SQUARE_WEBHOOK_SIGNATURE_KEY: 'key',
  PUBLIC_URL: 'https://shop.example.com',
};

describe('the configuration of payment', () => {
  it('means the gateways themselves when no other address is given', () => {
    expect(readConfig(good)).toMatchObject({ PORT: 3004, KAFKA_BROKERS: ['kafka:9092'] });
    const { STRIPE_API_URL, PAYPAL_API_URL, SQUARE_API_URL } = readConfig(good);
    expect([STRIPE_API_URL, PAYPAL_API_URL, SQUARE_API_URL]).toEqual([undefined, undefined, undefined]);
  });
  it('knows where Square sends to, or says that it does not', () => {
    expect(readConfig(good).SQUARE_WEBHOOK_URL).toBe('https://shop.example.com/v1/webhooks/square');
    const url = 'http://payment-service/v1/webhooks/square';
    expect(readConfig({ ...good, SQUARE_WEBHOOK_URL: url }).SQUARE_WEBHOOK_URL).toBe(url);
    expect(() => readConfig({ ...good, PUBLIC_URL: undefined })).toThrow('SQUARE_WEBHOOK_URL is not set');
  });
  it("refuses a gateway's variable that it does not know", () => {
    expect(() => readConfig({ ...good, PAYPAL_CLIENTID: 'x' })).toThrow('PAYPAL_CLIENTID is not known here');
  });
  it('names what is missing', () => {
    const { STRIPE_API_KEY: _, ...rest } = good;
    expect(() => readConfig(rest)).toThrow('STRIPE_API_KEY is not set');
  });
  it.each([
    ['STRIPE_API_KEY', 'pk_test_public'],
    ['STRIPE_WEBHOOK_SECRET', 'guessable'],
    ['STRIPE_API_URL', 'payment-sandbox'],
    ['PAYPAL_WEBHOOK_ID', 'not one'],
    ['SQUARE_API_URL', 'somewhere else'],
  ])('names %s when it is wrong, and keeps the value to itself', (name, value) => {
    const read = () => readConfig({ ...good, [name]: value });
    expect(read).toThrow(`${name} is not valid`);
    expect(read).not.toThrow(value);
  });
});
