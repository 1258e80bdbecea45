/** An amount in minor units (cents for USD) of one ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}

/** Digits a currency has after the point: 2 for USD, 0 for JPY. */
const digitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** A carrier's decimal price as money, rounded half up where it has more digits than the currency. @throws RangeError */
export const moneyOf = (decimal: string | number, currency: string): Money => {
  const text = typeof decimal === 'number' ? decimal.toFixed(6) : decimal.trim();
  const [, whole, part = ''] = /^(\d{1,12})(?:\.(\d{1,12}))?$/.exec(text) ?? [];
  if (whole === undefined || !/^[A-Z]{3}$/.test(currency)) throw new RangeError('This is no price.');
  const digits = digitsOf(currency);
  const minor = Number(whole) * 10 ** digits + Number(part.slice(0, digits).padEnd(digits, '0'));
  return { amount: minor + (Number(part[digits] ?? 0) >= 5 ? 1 : 0), currency };
};

/** How much of each currency one unit of `base` is worth, on a day (YYYY-MM-DD). */
export interface ExchangeRates {
  date: string;
  base: string;
  rates: Record<string, number>;
}

/** About what `money` is worth in another currency; undefined where there is no rate for it. */
export const convert = (
  money: Money,
  currency: string,
  { base, rates }: ExchangeRates,
): Money | undefined => {
  if (money.currency === currency) return money;
  const rateOf = (one: string) => (one === base ? 1 : rates[one]);
  const [from, to] = [rateOf(money.currency), rateOf(currency)];
  if (!from || !to) return undefined;
  const amount = (money.amount / 10 ** digitsOf(money.currency) / from) * to * 10 ** digitsOf(currency);
  return { amount: Math.round(amount), currency };
};
