// Every way to pay and to ship, through the front door.
import { randomUUID } from 'node:crypto';
import { Customer, type Order, type Product } from '../../cli/customer';
import { askForQuotes, offersOf, parcel, priceOf, type Quote } from './quotes';
import { plan } from './stand-ins';

jest.setTimeout(240_000);

const customer = new Customer(process.env.ECP_FRONT_DOOR as string);
let product: Product;
beforeAll(async () => {
  await customer.register();
  const stocked = (await customer.products('?limit=50')).filter(({ available }) => available >= 30);
  product = stocked.at(-1) as Product;
});

const order = async (choices: object): Promise<Order> => {
  const body = { items: [{ productId: product.id, quantity: 1 }], paymentMethod: 'pm_card_visa', ...choices };
  const reply = await customer.call<Order>('POST', '/v1/orders', body, { 'idempotency-key': randomUUID() });
  if (reply.status !== 202) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply.body;
};
const paymentsOf = async ({ id }: Order) =>
  (await customer.call<{ items: { gateway: string; status: string }[] }>('GET', `/v1/payments?orderId=${id}`))
    .body.items;

/** Has the next writes at Stripe's stand-in fail, with nothing charged. */
const stripeFails = (count: number) => plan('payment-sandbox', 12111, { kind: 'rate_limit', count });

const cheapest = async (): Promise<Quote> => {
  const [quote] = offersOf((await askForQuotes(customer, parcel({ productId: product.id }))).body);
  if (!quote) throw new Error('no carrier made an offer');
  return quote;
};

describe('a purchase', () => {
  it.each([
    ['stripe', 'pm_card_visa', 'pm_card_chargeDeclined'],
    ['paypal', 'vault_card_ok', 'vault_card_declined'],
    ['square', 'cnon:card-nonce-ok', 'cnon:card-nonce-declined'],
  ])('is paid or declined at %s', async (gateway, good, bad) => {
    const paid = await order({ gateway, paymentMethod: good });
    expect(await customer.settled(paid.id)).toMatchObject({ status: 'confirmed' });
    expect(await paymentsOf(paid)).toMatchObject([{ gateway, status: 'succeeded' }]);
    const declined = await order({ gateway, paymentMethod: bad });
    expect(await customer.settled(declined.id)).toMatchObject({
      ...{ status: 'cancelled', cancellationReason: 'payment_declined' },
    });
  });

  it('is paid at the fallback when the first gateway certainly took nothing', async () => {
    await stripeFails(3);
    const placed = await order({ fallback: { gateway: 'square', paymentMethod: 'cnon:card-nonce-ok' } });
    expect(await customer.settled(placed.id, 60_000)).toMatchObject({ status: 'confirmed' });
    expect(await paymentsOf(placed)).toMatchObject([{ gateway: 'square', status: 'succeeded' }]);
  });

  it('is shipped by the offer that was chosen, once', async () => {
    const quote = await cheapest();
    const placed = await order({ quoteId: quote.id });
    const shippingCost = priceOf(quote);
    expect(placed).toMatchObject({
      shippingCost,
      total: { amount: product.price.amount + shippingCost.amount },
    });
    expect(await customer.settled(placed.id)).toMatchObject({
      ...{ status: 'confirmed', shipment: { carrier: quote.carrier, trackingNumber: expect.any(String) } },
    });
    expect(await paymentsOf(placed)).toMatchObject([{ amount: placed.total, status: 'succeeded' }]);
    const { body } = await customer.call<{ items: object[] }>('GET', `/v1/shipments?orderId=${placed.id}`);
    expect(body.items).toMatchObject([{ status: 'booked', carrier: quote.carrier }]);
  });

  it('is undone when nobody ships it, and the money is free again', async () => {
    const quote = await cheapest();
    await plan('carriers-sandbox', 12121, { carrier: quote.carrier, kind: 'refused', on: 'ship' });
    const placed = await order({ quoteId: quote.id });
    expect(await customer.settled(placed.id)).toMatchObject({
      ...{ status: 'cancelled', cancellationReason: 'shipment_failed' },
    });
    expect(await paymentsOf(placed)).toMatchObject([{ status: 'voided' }]);
  });
});
