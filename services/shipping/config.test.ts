import { readConfig } from './config';
import { createCarriers } from './gateways/carriers';
import { origin } from './shipping.fixtures';

const good = {
  DATABASE_URL: 'postgres://shipping:pw@postgres:5432/shipping',
  KAFKA_BROKERS: 'kafka:9092',
  JWKS_URL: 'http://user-service/.well-known/jwks.json',
  SHIP_FROM: JSON.stringify(origin),
  UPS_CLIENT_ID: 'id',
  UPS_CLIENT_SECRET: 'guessable',
  UPS_ACCOUNT_NUMBER: 'A1B2C3',
};
const names = (env: Record<string, string>) => createCarriers(readConfig(env)).all.map(({ name }) => name);

describe('the configuration of shipping', () => {
  it('means the carriers themselves when no other address is given', () => {
    const config = readConfig(good);
    expect(config).toMatchObject({
      PORT: 3005,
      SHIP_FROM: origin,
      UPS_API_URL: 'https://onlinetools.ups.com',
    });
    expect(config.EXCHANGE_RATES).toBeUndefined();
  });

  it('has the carriers whose credentials are there', () => {
    expect(names(good)).toEqual(['ups']);
    const dhl = { DHL_USERNAME: 'n', DHL_PASSWORD: 'p', DHL_ACCOUNT_NUMBER: '1' };
    expect(names({ ...good, ...dhl, FEDEX_CLIENT_ID: '' })).toEqual(['ups', 'dhl']);
  });

  it('does not take half a carrier, or none at all', () => {
    const { UPS_CLIENT_SECRET: _, ...half } = good;
    expect(() => readConfig(half)).toThrow('UPS_CLIENT_SECRET is not set');
    const { UPS_CLIENT_ID: _id, UPS_ACCOUNT_NUMBER: _account, ...none } = half;
    expect(() => readConfig(none)).toThrow('FEDEX_CLIENT_ID is not set');
  });

  it('says which carriers there are when one is asked for that is not', () => {
    expect(() => createCarriers(readConfig(good)).named('pigeon')).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_CARRIER', hint: expect.stringContaining('ups') }),
    );
  });

  it.each([
    ['SHIP_FROM', '{"name":'],
    ['SHIP_FROM', JSON.stringify({ ...origin, state: 'Ohio' })],
    ['SHOP_CURRENCY', 'dollars'],
    ['EXCHANGE_RATES', JSON.stringify({ base: 'USD', rates: {} })],
    ['UPS_API_URL', 'carriers-sandbox'],
  ])('names %s when it is wrong', (name, value) => {
    expect(() => readConfig({ ...good, [name]: value })).toThrow(new RegExp(`${name}(\\.\\w+)? is not`));
  });
});
