import { randomUUID } from 'node:crypto';
import { Customer } from '../../cli/customer';

jest.setTimeout(120_000);

interface Quotes {
  id: string;
  groups: { currency: string; quotes: { id: string; carrier: string; cost: { amount: number } }[] }[];
  failures: { carrier: string }[];
}

const carriers = ['dhl', 'fedex', 'ups', 'usps'];

const request = (postalCode: string) => ({
  address: {
    ...{ name: 'Ada Shopper', street: ['350 5th Ave'], city: 'New York', state: 'NY' },
    ...{ postalCode, country: 'US', phone: '2125550100' },
  },
  items: [
    { productId: 'prd-00001', quantity: 2, weightGrams: 450, lengthMm: 200, widthMm: 120, heightMm: 60 },
  ],
});

describe('quotes for a parcel, through the front door', () => {
  let customer: Customer;
  const ask = (postalCode: string, key: string = randomUUID()) =>
    customer.call<Quotes>('POST', '/v1/shipping/quotes', request(postalCode), { 'idempotency-key': key });
  beforeAll(async () => {
    customer = new Customer(process.env.ECP_FRONT_DOOR as string);
    await customer.register();
  });

  it('come from four carriers, what can be compared cheapest first', async () => {
    const { status, body } = await ask('10118');
    expect([status, body.failures]).toEqual([201, []]);
    const quotes = body.groups.flatMap((group) => group.quotes);
    expect([...new Set(quotes.map(({ carrier }) => carrier))].sort()).toEqual(carriers);
    for (const group of body.groups) {
      const costs = group.quotes.map(({ cost }) => cost.amount);
      expect(costs).toEqual([...costs].sort((a, b) => a - b));
    }
  });

  it('are the same ones when the same request comes again', async () => {
    const key = randomUUID();
    const [first, again] = [await ask('10118', key), await ask('10118', key)];
    expect(again.body).toEqual(first.body);
  });

  it('say which carriers made none', async () => {
    const { body } = await ask('00000');
    expect(body.groups.flatMap(({ quotes }) => quotes)).toEqual([]);
    expect(body.failures.map(({ carrier }) => carrier).sort()).toEqual(carriers);
  });

  it('are shown to nobody else', async () => {
    const { body } = await ask('10118');
    const stranger = new Customer(process.env.ECP_FRONT_DOOR as string);
    await stranger.register();
    expect((await stranger.call('GET', `/v1/shipping/quotes/${body.id}`)).status).toBe(404);
  });
});
