import { CartProblem, mergeLines, priceCart } from './cart';
import { type CheckoutMessage, decide, defaultPatience, dueAt } from './checkout';
import { foldOrder, initialOrder, type OrderEvent, place } from './order';

const at = '2030-01-01T00:00:00.000Z';
const later = (ms: number) => new Date(Date.parse(at) + ms).toISOString();
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const placed: OrderEvent = {
  type: 'OrderPlaced',
  data: {
    orderId: 'o-1',
    customerId: 'c-1',
    items: [{ productId: 'prd-00001', quantity: 2, unitPrice: eur(500) }],
    total: eur(1000),
    paymentMethod: 'pm_card_visa',
    at,
  },
};
const asked: OrderEvent = { type: 'StockReservationRequested', data: { at } };
const paying: OrderEvent = { type: 'PaymentRequested', data: { attempt: 1, at } };
const releasing = (reason: 'payment_declined' | 'stock_timeout', attempt = 1): OrderEvent => ({
  type: 'StockReleaseRequested',
  data: { reason, attempt, at },
});
const confirmed: OrderEvent = { type: 'OrderConfirmed', data: { paymentId: 'p-1', at } };
const cancelled: OrderEvent = { type: 'OrderCancelled', data: { reason: 'payment_declined', at } };

const given = (...events: OrderEvent[]) => ({
  when: (message: CheckoutMessage, now = at) => decide(message, foldOrder(events), now),
});

describe('placing an order', () => {
  it('records the order and asks for its stock', () => {
    expect(place(placed.data as never, initialOrder)).toEqual([placed, asked]);
  });
  it('does not place the same order twice', () => {
    expect(place(placed.data as never, foldOrder([placed, asked]))).toEqual([]);
  });
  it('cannot begin with anything else', () => {
    expect(() => foldOrder([confirmed])).toThrow('cannot begin with OrderConfirmed');
  });
});

describe('checkout', () => {
  const payment = { paymentId: 'p-1' };
  it('asks for the payment once the stock is reserved', () => {
    expect(given(placed, asked).when({ type: 'StockReserved' })).toEqual([paying]);
  });
  it('cancels as out of stock when the stock is refused', () => {
    expect(given(placed, asked).when({ type: 'StockRejected' })).toEqual([
      { type: 'OrderCancelled', data: { reason: 'out_of_stock', at } },
    ]);
  });
  it('confirms when paid', () => {
    expect(given(placed, asked, paying).when({ type: 'PaymentSucceeded', ...payment })).toEqual([confirmed]);
  });
  it.each([
    ['PaymentDeclined', 'payment_declined'],
    ['PaymentFailed', 'payment_failed'],
  ] as const)('gives the stock back on %s before the order is cancelled', (type, reason) => {
    const events = given(placed, asked, paying).when({ type, ...payment });
    expect(events).toEqual([{ type: 'StockReleaseRequested', data: { reason, attempt: 1, at } }]);
    expect(given(placed, asked, paying, ...events).when({ type: 'StockReleased' })).toEqual([
      { type: 'OrderCancelled', data: { reason, at } },
    ]);
  });
  it.each([
    ['new', []],
    ['confirmed', [placed, asked, paying, confirmed]],
    ['cancelled', [placed, asked, paying, releasing('payment_declined'), cancelled]],
  ] as [string, OrderEvent[]][])('changes nothing in an order that is %s, whatever comes', (_, history) => {
    const all: CheckoutMessage[] = [
      { type: 'StockReserved' },
      { type: 'StockRejected' },
      { type: 'StockReleased' },
      { type: 'PaymentSucceeded', ...payment },
      { type: 'PaymentDeclined', ...payment },
      { type: 'PaymentFailed', ...payment },
      { type: 'TimePassed' },
    ];
    for (const message of all) expect(given(...history).when(message, later(1e9))).toEqual([]);
  });
});

describe('a stuck checkout', () => {
  it('is left alone until its time is up', () => {
    expect(given(placed, asked).when({ type: 'TimePassed' }, later(defaultPatience.stockMs - 1))).toEqual([]);
  });
  it('gives back what may have been reserved when the stock answer never comes', () => {
    const now = later(defaultPatience.stockMs);
    expect(given(placed, asked).when({ type: 'TimePassed' }, now)).toEqual([
      { type: 'StockReleaseRequested', data: { reason: 'stock_timeout', attempt: 1, at: now } },
    ]);
  });
  it('cancels at once when the late answer is that there was no stock', () => {
    expect(given(placed, asked, releasing('stock_timeout')).when({ type: 'StockRejected' })).toMatchObject([
      { type: 'OrderCancelled', data: { reason: 'out_of_stock' } },
    ]);
  });
  it('asks for the payment again, and never takes silence for "not charged"', () => {
    const now = later(defaultPatience.paymentMs);
    expect(given(placed, asked, paying).when({ type: 'TimePassed' }, now)).toEqual([
      { type: 'PaymentRequested', data: { attempt: 2, at: now } },
    ]);
  });
  it('asks for the release again, and calls for a person in the end', () => {
    const now = later(defaultPatience.releaseMs);
    const { releaseAttempts } = defaultPatience;
    expect(
      given(placed, asked, releasing('payment_declined')).when({ type: 'TimePassed' }, now),
    ).toMatchObject([{ type: 'StockReleaseRequested', data: { attempt: 2 } }]);
    expect(
      given(placed, asked, releasing('payment_declined', releaseAttempts)).when({ type: 'TimePassed' }, now),
    ).toMatchObject([
      { type: 'StockReleaseGivenUp', data: { attempts: releaseAttempts } },
      { type: 'OrderCancelled', data: { reason: 'payment_declined' } },
    ]);
  });
  it('is due when its patience ends, and never once it has ended', () => {
    expect(dueAt(foldOrder([placed, asked]), defaultPatience)).toBe(later(defaultPatience.stockMs));
    expect(dueAt(foldOrder([placed, asked, paying, confirmed]), defaultPatience)).toBeUndefined();
  });
});

describe('a cart', () => {
  const line = (productId: string, quantity: number) => ({ productId, quantity });
  const problem = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (error instanceof CartProblem) return { code: error.code, line: error.line };
      throw error;
    }
    return undefined;
  };
  it('merges lines of the same product', () => {
    expect(mergeLines([line('a', 1), line('b', 2), line('a', 3)])).toEqual([line('a', 4), line('b', 2)]);
  });
  it.each([[0], [-1], [1.5], [Number.NaN], [101]])('refuses %p pieces', (quantity) => {
    expect(problem(() => mergeLines([line('a', 1), line('b', quantity)]))).toEqual({
      code: 'bad_quantity',
      line: 1,
    });
  });
  it('counts the limit over all lines of a product', () => {
    expect(problem(() => mergeLines([line('a', 60), line('a', 41)]))).toEqual({
      code: 'bad_quantity',
      line: 1,
    });
  });
  it('refuses no lines and more than fifty', () => {
    expect(problem(() => mergeLines([]))?.code).toBe('empty');
    expect(problem(() => mergeLines(Array.from({ length: 51 }, (_, i) => line(`p${i}`, 1))))?.code).toBe(
      'too_many_lines',
    );
  });
  it('adds up in minor units', () => {
    const prices = new Map([
      ['a', eur(10)],
      ['b', eur(333)],
    ]);
    expect(priceCart([line('a', 3), line('b', 2)], prices).total).toEqual(eur(696));
  });
  it('names the line of a product that is unknown, has no price, or is sold in another currency', () => {
    const prices = new Map([
      ['a', eur(10)],
      ['usd', { amount: 1, currency: 'USD' }],
      ['half', eur(0.5)],
    ]);
    const of = (id: string) => problem(() => priceCart([line('a', 1), line('a', 1), line(id, 1)], prices));
    expect(of('nope')).toEqual({ code: 'unknown_product', line: 2 });
    expect(of('usd')).toEqual({ code: 'mixed_currencies', line: 2 });
    expect(of('half')).toEqual({ code: 'bad_price', line: 2 });
  });
});
