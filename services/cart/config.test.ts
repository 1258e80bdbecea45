import { readConfig } from './config';

const good = {
  DATABASE_URL: 'postgres://cart:pw@postgres:5432/cart',
  KAFKA_BROKERS: 'kafka:9092',
  PRODUCT_SERVICE_URL: 'http://product-service',
  ORDER_SERVICE_URL: 'http://order-service',
  JWKS_URL: 'http://user-service/.well-known/jwks.json',
};

describe('the configuration of cart', () => {
  it('is read from the environment, whatever else is in it', () => {
    expect(readConfig({ ...good, HOSTNAME: 'x' })).toMatchObject({ PORT: 3008, CART_TTL_DAYS: 30 });
  });
  it('names what is missing', () => {
    expect(() => readConfig({ ...good, ORDER_SERVICE_URL: '' })).toThrow('ORDER_SERVICE_URL is not set');
  });
  it.each([
    ['ORDER_SERVICE_URL', 'order-service'],
    ['CART_TTL_DAYS', '0'],
  ])('names %s when it is wrong, and keeps the value to itself', (name, value) => {
    const read = () => readConfig({ ...good, [name]: value });
    expect(read).toThrow(`${name} is not valid`);
    expect(read).not.toThrow(value);
  });
});
