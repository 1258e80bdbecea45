import { readConfig } from './config';

const good = {
  DATABASE_URL: 'postgres://inventory:pw@postgres:5432/inventory',
  KAFKA_BROKERS: 'kafka:9092',
  JWKS_URL: 'http://user-service/.well-known/jwks.json',
};

describe('the configuration of inventory', () => {
  it('holds stock for two hours unless told, and starts empty', () => {
    expect(readConfig(good)).toMatchObject({ PORT: 3006, RESERVATION_SECONDS: 7200, SEED_PRODUCTS: 0 });
  });

  it.each([
    ['JWKS_URL', 'user-service'],
    ['RESERVATION_SECONDS', '0'],
    ['RESERVATION_SECONDS', 'two hours'],
    ['SEED_PRODUCTS', '-1'],
  ])('names %s when it is %s', (name, value) => {
    expect(() => readConfig({ ...good, [name]: value })).toThrow(name);
  });
});
