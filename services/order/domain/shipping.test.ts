import fc from 'fast-check';
import { type Offer, shippingCostOf, withShipping } from './shipping';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const usd = (amount: number) => ({ amount, currency: 'USD' });
const now = '2030-01-01T12:00:00.000Z';
const validUntil = now;

test('what a carrier asks is charged in the currency of the order, as it was shown', () => {
  expect(shippingCostOf({ prices: [eur(700)], validUntil }, 'EUR', now)).toEqual(eur(700));
  expect(shippingCostOf({ prices: [usd(770), eur(700)], validUntil }, 'EUR', now)).toEqual(eur(700));
  expect(shippingCostOf({ prices: [usd(770), eur(700)], validUntil }, 'USD', now)).toEqual(usd(770));
});

test('nothing is charged by an offer that is none, has ended, or is in another currency', () => {
  const charging = (offer: Offer | undefined, at: string) => () => shippingCostOf(offer, 'EUR', at);
  const code = (problem: string) => expect.objectContaining({ code: problem, retriable: false });
  expect(charging(undefined, now)).toThrow(code('unknown_offer'));
  const later = '2030-01-01T12:00:00.001Z';
  expect(charging({ prices: [eur(1)], validUntil }, later)).toThrow(code('offer_ended'));
  expect(charging({ prices: [usd(1)], validUntil }, now)).toThrow(code('offer_in_other_currency'));
});

test('the total is that of the items and the parcel together, or there is none', () => {
  const amount = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  fc.assert(
    fc.property(amount, amount, (items, parcel) => {
      const add = () => withShipping({ total: eur(items) }, eur(parcel));
      const sum = BigInt(items) + BigInt(parcel);
      if (sum > BigInt(Number.MAX_SAFE_INTEGER)) expect(add).toThrow('too large');
      else expect(add()).toEqual({ shippingCost: eur(parcel), total: eur(Number(sum)) });
    }),
  );
});
