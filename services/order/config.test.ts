import { readConfig } from './config';

const good = {
  DATABASE_URL: 'postgres://order:pw@postgres:5432/order',
  KAFKA_BROKERS: 'kafka-0:9092,kafka-1:9092',
  PRODUCT_SERVICE_URL: 'http://product-service',
  SHIPPING_SERVICE_URL: 'http://shipping-service',
  JWKS_URL: 'http://user-service/.well-known/jwks.json',
};

describe('the configuration of order', () => {
  it('is read from the environment, whatever else is in it', () => {
    expect(readConfig({ ...good, HOSTNAME: 'x' })).toMatchObject({
      PORT: 3002,
      KAFKA_BROKERS: ['kafka-0:9092', 'kafka-1:9092'],
    });
  });
  it('names what is missing', () => {
    expect(() => readConfig({ ...good, JWKS_URL: '' })).toThrow('JWKS_URL is not set');
  });
  it.each([
    ['DATABASE_URL', 'mysql://secret@host/db'],
    ['KAFKA_BROKERS', 'kafka-without-port'],
    ['PORT', '99999'],
    ['CHECKOUT_PATIENCE_SECONDS', '0'],
  ])('names %s when it is wrong, and keeps the value to itself', (name, value) => {
    const read = () => readConfig({ ...good, [name]: value });
    expect(read).toThrow(`${name} is not valid`);
    expect(read).not.toThrow(value);
  });
});
