import { fromPayPal, toPayPal } from './paypalMoney';

test.each([
  [{ amount: 1999, currency: 'EUR' }, '19.99'],
  [{ amount: 5, currency: 'USD' }, '0.05'],
  [{ amount: 100, currency: 'EUR' }, '1.00'],
  [{ amount: 500, currency: 'JPY' }, '500'],
  [{ amount: 150_000, currency: 'HUF' }, '1500'],
  [{ amount: 999_999_999_999, currency: 'EUR' }, '9999999999.99'],
])('%p is %s to PayPal, and back', (money, value) => {
  const amount = toPayPal(money);
  expect(amount).toEqual({ currencyCode: money.currency, value });
  expect(fromPayPal(amount)).toEqual(money);
});

test('says what PayPal cannot take', () => {
  expect(() => toPayPal({ amount: 150_050, currency: 'HUF' })).toThrow('whole HUF only');
  expect(() => toPayPal({ amount: 1, currency: 'XXX' })).toThrow('no XXX');
});

test('reads how much went out as how much came in', () => {
  expect(fromPayPal({ currencyCode: 'EUR', value: '-3.5' })).toEqual({ amount: 350, currency: 'EUR' });
});
