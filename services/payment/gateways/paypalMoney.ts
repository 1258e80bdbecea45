import type { Money as PayPalAmount } from '@paypal/paypal-server-sdk';
import type { Money } from '../domain/payment';

/** What PayPal takes, by its own list: `of` minor units make one, and `decimals` of them are written. */
const CURRENCIES: Record<string, { of: number; decimals: number }> = {
  ...Object.fromEntries(
    'AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD'
      .split(' ')
      .map((currency) => [currency, { of: 100, decimals: 2 }]),
  ),
  JPY: { of: 1, decimals: 0 },
  // These have hundredths in ISO 4217, and PayPal takes none.
  HUF: { of: 100, decimals: 0 },
  TWD: { of: 100, decimals: 0 },
};

/** 1999 EUR → '19.99'. @throws RangeError for what PayPal does not take */
export const toPayPal = ({ amount, currency }: Money): PayPalAmount => {
  const { of, decimals } = CURRENCIES[currency] ?? { of: 0, decimals: 0 };
  if (of === 0) throw new RangeError(`PayPal takes no ${currency}`);
  if (decimals === 0 && amount % of !== 0) throw new RangeError(`PayPal takes whole ${currency} only`);
  const whole = String(Math.trunc(amount / of));
  const value = decimals === 0 ? whole : `${whole}.${String(amount % of).padStart(decimals, '0')}`;
  return { currencyCode: currency, value };
};

/** '-19.99' EUR → 1999: how much, whichever way it went. */
export const fromPayPal = ({ currencyCode: currency, value }: PayPalAmount): Money => {
  const [whole = '0', fraction = ''] = value.replace(/^-/, '').split('.');
  const { of } = CURRENCIES[currency] ?? { of: 100 };
  return { amount: Number(whole) * of + (of === 1 ? 0 : Number(fraction.padEnd(2, '0'))), currency };
};
