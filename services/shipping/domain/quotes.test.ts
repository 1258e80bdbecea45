import { needsCustoms } from './address';
import { convert, moneyOf } from './money';
import { arrangeQuotes, isGood, type Quote } from './quotes';

const quote = (carrier: string, amount: number, currency = 'USD'): Quote => ({
  ...{ id: carrier, carrier, service: 's', serviceName: 's', cost: { amount, currency }, parcels: 1 },
});
const rates = { date: '2026-10-01', base: 'USD', rates: { EUR: 0.8, JPY: 150 } };
const names = (quotes: Quote[]) => quotes.map(({ carrier }) => carrier);

describe('quotes beside each other', () => {
  it('are sorted by cost', () => {
    const groups = arrangeQuotes([quote('a', 300), quote('b', 100), quote('c', 200)], 'USD');
    expect(groups).toHaveLength(1);
    expect(names(groups[0]!.quotes)).toEqual(['b', 'c', 'a']);
  });

  it('of different currencies stand in groups of their own, ours first, where there are no rates', () => {
    const groups = arrangeQuotes([quote('a', 1, 'EUR'), quote('b', 900), quote('c', 800)], 'USD');
    expect(groups.map(({ currency, quotes }) => [currency, names(quotes)])).toEqual([
      ['USD', ['c', 'b']],
      ['EUR', ['a']],
    ]);
    expect(groups.some(({ ratesOf }) => ratesOf)).toBe(false);
  });

  it('are converted to be compared where there are rates, with the day of the rates and the price as it is', () => {
    const [group, ...rest] = arrangeQuotes([quote('a', 800, 'EUR'), quote('b', 900)], 'USD', rates);
    expect(rest).toEqual([]);
    expect(group).toMatchObject({
      currency: 'USD',
      ratesOf: '2026-10-01',
      quotes: [
        { carrier: 'b', cost: { amount: 900, currency: 'USD' } },
        {
          carrier: 'a',
          cost: { amount: 800, currency: 'EUR' },
          comparable: { amount: 1000, currency: 'USD' },
        },
      ],
    });
    expect(group!.quotes[0]).not.toHaveProperty('comparable');
  });

  it('of a currency without a rate stay apart', () => {
    const groups = arrangeQuotes([quote('a', 1, 'GBP'), quote('b', 2, 'EUR')], 'USD', rates);
    expect(groups.map(({ currency }) => currency)).toEqual(['USD', 'GBP']);
  });
});

describe('a price', () => {
  it.each([
    ['12.3', 'USD', 1230],
    [12.34, 'USD', 1234],
    [0.1 + 0.2, 'USD', 30],
    ['12.345', 'USD', 1235],
    ['12', 'JPY', 12],
    ['1.2345', 'KWD', 1235],
  ])('%s %s is %i minor units', (decimal, currency, amount) => {
    expect(moneyOf(decimal, currency)).toEqual({ amount, currency });
  });
  it.each(['', '-1', 'free', '1e3', '1,50'])('is not %j', (text) => {
    expect(() => moneyOf(text, 'USD')).toThrow(RangeError);
  });
  it('is converted across currencies with different digits, and not without a rate', () => {
    expect(convert({ amount: 15_000, currency: 'JPY' }, 'EUR', rates)).toEqual({
      amount: 8000,
      currency: 'EUR',
    });
    expect(convert({ amount: 1, currency: 'GBP' }, 'EUR', rates)).toBeUndefined();
  });
});

it('is good until its time is over', () => {
  expect(isGood('2026-10-01T12:00:00.000Z', '2026-10-01T12:00:00.000Z')).toBe(true);
  expect(isGood('2026-10-01T12:00:00.000Z', '2026-10-01T12:00:00.001Z')).toBe(false);
});

it.each([
  ['US', 'US', false],
  ['DE', 'FR', false],
  ['DE', 'CH', true],
  ['US', 'CA', true],
])('from %s to %s needs customs: %s', (from, to, needed) => {
  expect(needsCustoms({ country: from }, { country: to })).toBe(needed);
});
