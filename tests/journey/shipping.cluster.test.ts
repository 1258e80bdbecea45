import { randomUUID } from 'node:crypto';
import { Customer } from '../../cli/customer';
import { askForQuotes, offersOf, parcel, priceOf } from './quotes';

jest.setTimeout(120_000);

const carriers = ['dhl', 'fedex', 'ups', 'usps'];

describe('quotes for a parcel, through the front door', () => {
  let customer: Customer;
  beforeAll(async () => {
    customer = new Customer(process.env.ECP_FRONT_DOOR as string);
    await customer.register();
  });

  it('come from four carriers, what can be compared cheapest first', async () => {
    const { status, body } = await askForQuotes(customer);
    expect([status, body.failures]).toEqual([201, []]);
    expect([...new Set(offersOf(body).map(({ carrier }) => carrier))].sort()).toEqual(carriers);
    for (const group of body.groups) {
      const costs = group.quotes.map((quote) => priceOf(quote).amount);
      expect(costs).toEqual([...costs].sort((a, b) => a - b));
    }
  });

  it('are the same ones when the same request comes again', async () => {
    const key = randomUUID();
    const [first, again] = [
      await askForQuotes(customer, parcel(), key),
      await askForQuotes(customer, parcel(), key),
    ];
    expect(again.body).toEqual(first.body);
  });

  it('say which carriers made none', async () => {
    const { body } = await askForQuotes(customer, parcel({ postalCode: '00000' }));
    expect(offersOf(body)).toEqual([]);
    expect(body.failures.map(({ carrier }) => carrier).sort()).toEqual(carriers);
  });

  it('are shown to nobody else', async () => {
    const { body } = await askForQuotes(customer);
    const stranger = new Customer(process.env.ECP_FRONT_DOOR as string);
    await stranger.register();
    expect((await stranger.call('GET', `/v1/shipping/quotes/${body.id}`)).status).toBe(404);
  });
});
