import { type CartItem, MAX_LINES, MAX_QUANTITY, type Offer, removeItem, setItem, totalsOf } from './cart';
import { compare, refresh, toOrder } from './checkout';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const offer = (amount: number, available = 1000): Offer => ({ price: eur(amount), available });
const item = (productId: string, quantity = 1, amount = 500, available = 1000): CartItem => ({
  ...{ productId, quantity, unitPrice: eur(amount), available },
});
const codeOf = (work: () => unknown) => {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('putting something into a cart', () => {
  it('keeps the price that was seen', () => {
    expect(setItem([], { productId: 'a', quantity: 2 }, offer(500))).toEqual([item('a', 2)]);
  });
  it('sets the quantity instead of adding to it, at today’s price, where the product already is', () => {
    const items = [item('a', 2), item('b')];
    expect(setItem(items, { productId: 'a', quantity: 5 }, offer(700))).toEqual([
      item('a', 5, 700),
      item('b'),
    ]);
  });
  it.each<[string, number, Offer | undefined]>([
    ['bad_quantity', 0, offer(500)],
    ['bad_quantity', 1.5, offer(500)],
    ['bad_quantity', MAX_QUANTITY + 1, offer(500)],
    ['unknown_product', 1, undefined],
    ['bad_price', 1, offer(0)],
    ['bad_price', 1, offer(Number.MAX_SAFE_INTEGER)],
  ])('is refused with %s', (code, quantity, what) => {
    expect(codeOf(() => setItem([], { productId: 'a', quantity }, what))).toBe(code);
  });
  it('is refused when the cart is full, but what is in it can still be changed', () => {
    const full = Array.from({ length: MAX_LINES }, (_, index) => item(`p-${index}`));
    expect(codeOf(() => setItem(full, { productId: 'a', quantity: 1 }, offer(500)))).toBe('too_many_lines');
    expect(setItem(full, { productId: 'p-7', quantity: 3 }, offer(500))[7]).toEqual(item('p-7', 3));
  });
});

test('taking out what is not there changes nothing', () => {
  expect(removeItem([item('a')], 'b')).toEqual([item('a')]);
  expect(removeItem([item('a'), item('b')], 'a')).toEqual([item('b')]);
});

test('there is a total for each currency', () => {
  const dollars = { ...item('c', 3), unitPrice: { amount: 100, currency: 'USD' } };
  expect(totalsOf([item('a', 2), dollars, item('b', 1, 1)])).toEqual([
    eur(1001),
    { amount: 300, currency: 'USD' },
  ]);
});

describe('at checkout', () => {
  it('nothing differs while price and stock suffice, even to the last piece', () => {
    expect(compare([item('a', 2)], new Map([['a', offer(500, 2)]]))).toEqual([]);
  });
  it('every difference is named: higher and lower prices, too little stock, what is gone', () => {
    const items = [item('up'), item('down'), item('few', 3), item('both', 3), item('gone'), item('free')];
    const offers = new Map([
      ['up', offer(600)],
      ['down', offer(400)],
      ['few', offer(500, 2)],
      ['both', offer(501, 0)],
      ['free', offer(0)],
    ]);
    expect(compare(items, offers)).toEqual([
      { kind: 'price_changed', productId: 'up', was: eur(500), now: eur(600) },
      { kind: 'price_changed', productId: 'down', was: eur(500), now: eur(400) },
      { kind: 'not_enough', productId: 'few', wanted: 3, available: 2 },
      { kind: 'price_changed', productId: 'both', was: eur(500), now: eur(501) },
      { kind: 'not_enough', productId: 'both', wanted: 3, available: 0 },
      { kind: 'not_sold', productId: 'gone' },
      { kind: 'not_sold', productId: 'free' },
    ]);
  });
  it('another currency is another price', () => {
    const offers = new Map([['a', { price: { amount: 500, currency: 'USD' }, available: 1 }]]);
    expect(compare([item('a')], offers)).toMatchObject([{ kind: 'price_changed' }]);
  });
  it('a refreshed cart keeps what is not sold any more, for its owner to take out', () => {
    expect(refresh([item('a'), item('gone')], new Map([['a', offer(600, 7)]]))).toEqual([
      item('a', 1, 600, 7),
      item('gone'),
    ]);
  });
  it('an empty cart, or one in two currencies, is no order', () => {
    const dollars = { ...item('c'), unitPrice: { amount: 100, currency: 'USD' } };
    expect(codeOf(() => toOrder([]))).toBe('empty');
    expect(codeOf(() => toOrder([item('a'), dollars]))).toBe('mixed_currencies');
  });
});
