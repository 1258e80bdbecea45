import { CartProblem, mergeLines, priceCart } from './cart';
import { type CheckoutMessage, decide, defaultPatience, dueAt, isCancellable } from './checkout';
import { type CancellationReason, foldOrder, initialOrder, type OrderEvent, place } from './order';

const at = '2030-01-01T00:00:00.000Z';
const later = (ms: number) => new Date(Date.parse(at) + ms).toISOString();
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const placed: Extract<OrderEvent, { type: 'OrderPlaced' }> = {
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
const authorising: OrderEvent = { type: 'PaymentAuthorisationRequested', data: { attempt: 1, at } };
const capturing: OrderEvent = { type: 'PaymentCaptureRequested', data: { attempt: 1, at } };
const shipping: OrderEvent = { type: 'ShipmentRequested', data: { attempt: 1, at } };
const shipment = {
  ...{ shipmentId: 's-1', carrier: 'ups', trackingNumber: '1Z', estimatedDelivery: '2030-01-04' },
  cost: eur(700),
};
const booked: OrderEvent = { type: 'ShipmentBooked', data: { ...shipment, at } };
const paying: OrderEvent = { type: 'PaymentRequested', data: { attempt: 1, at } };
const undoing = (
  type: 'StockReleaseRequested' | 'PaymentVoidRequested' | 'ShipmentCancellationRequested',
  reason: CancellationReason,
  attempt = 1,
): OrderEvent => ({ type, data: { reason, attempt, at } });
const releasing = (reason: CancellationReason, attempt = 1) =>
  undoing('StockReleaseRequested', reason, attempt);
const confirmed: OrderEvent = { type: 'OrderConfirmed', data: { paymentId: 'p-1', at } };
const cancelled: OrderEvent = { type: 'OrderCancelled', data: { reason: 'payment_declined', at } };
const shipped: OrderEvent = {
  type: 'OrderPlaced',
  data: { ...placed.data, quoteId: '0198c0de-0000-7000-8000-00000000000a' },
};

const given = (...events: OrderEvent[]) => ({
  when: (message: CheckoutMessage, now = at) => decide(message, foldOrder(events), now),
});

describe('placing an order', () => {
  it('records the order and asks for its stock', () => {
    expect(place(placed.data, initialOrder)).toEqual([placed, asked]);
  });
  it('does not place the same order twice', () => {
    expect(place(placed.data, foldOrder([placed, asked]))).toEqual([]);
  });
  it('cannot begin with anything else', () => {
    expect(() => foldOrder([confirmed])).toThrow('cannot begin with OrderConfirmed');
  });
});

const payment = { paymentId: 'p-1' };
const everything: CheckoutMessage[] = [
  ...(['StockReserved', 'StockRejected', 'StockReleased'] as const).map((type) => ({ type })),
  ...(['ShipmentFailed', 'ShipmentCancelled', 'CancellationWanted'] as const).map((type) => ({ type })),
  ...(['PaymentAuthorised', 'PaymentCaptured', 'PaymentCaptureFailed', 'PaymentVoided'] as const).map(
    (type) => ({ type, ...payment }),
  ),
  ...(['PaymentSucceeded', 'PaymentDeclined', 'PaymentFailed'] as const).map((type) => ({
    type,
    ...payment,
  })),
  { type: 'ShipmentBooked', shipment },
  { type: 'TimePassed' },
];

describe('checkout', () => {
  it('goes from stock to authorisation, capture and the end', () => {
    expect(given(placed, asked).when({ type: 'StockReserved' })).toEqual([authorising]);
    expect(given(placed, asked, authorising).when({ type: 'PaymentAuthorised', ...payment })).toEqual([
      capturing,
    ]);
    expect(
      given(placed, asked, authorising, capturing).when({ type: 'PaymentCaptured', ...payment }),
    ).toEqual([confirmed]);
  });
  it('books the shipment that was chosen before it takes the money', () => {
    expect(given(shipped, asked, authorising).when({ type: 'PaymentAuthorised', ...payment })).toEqual([
      shipping,
    ]);
    expect(given(shipped, asked, authorising, shipping).when({ type: 'ShipmentBooked', shipment })).toEqual([
      booked,
      capturing,
    ]);
    expect(foldOrder([shipped, asked, authorising, shipping, booked, capturing, confirmed])).toMatchObject({
      status: 'confirmed',
      shipment,
    });
  });
  it('cancels as out of stock when the stock is refused', () => {
    expect(given(placed, asked).when({ type: 'StockRejected' })).toEqual([
      { type: 'OrderCancelled', data: { reason: 'out_of_stock', at } },
    ]);
  });
  it.each([
    ['PaymentDeclined', 'payment_declined'],
    ['PaymentFailed', 'payment_failed'],
  ] as const)('gives the stock back on %s before the order is cancelled', (type, reason) => {
    const events = given(placed, asked, authorising).when({ type, ...payment });
    expect(events).toEqual([releasing(reason)]);
    expect(given(placed, asked, authorising, ...events).when({ type: 'StockReleased' })).toEqual([
      { type: 'OrderCancelled', data: { reason, at } },
    ]);
  });
  it('undoes in reverse what was done', () => {
    const history: OrderEvent[] = [shipped, asked, authorising, shipping, booked, capturing];
    const steps: [CheckoutMessage, OrderEvent][] = [
      [
        { type: 'PaymentCaptureFailed', ...payment },
        undoing('ShipmentCancellationRequested', 'capture_failed'),
      ],
      [{ type: 'ShipmentCancelled' }, undoing('PaymentVoidRequested', 'capture_failed')],
      [{ type: 'PaymentVoided', ...payment }, releasing('capture_failed')],
      [{ type: 'StockReleased' }, { type: 'OrderCancelled', data: { reason: 'capture_failed', at } }],
    ];
    for (const [message, event] of steps) {
      expect(given(...history).when(message)).toEqual([event]);
      history.push(event);
    }
  });
  it('frees the money when no carrier takes the parcel', () => {
    expect(given(shipped, asked, authorising, shipping).when({ type: 'ShipmentFailed' })).toEqual([
      undoing('PaymentVoidRequested', 'shipment_failed'),
    ]);
  });
  it.each([
    ['while its stock is asked for', [placed, asked], releasing('customer_cancelled')],
    [
      'while its payment is asked for',
      [placed, asked, authorising],
      undoing('PaymentVoidRequested', 'customer_cancelled'),
    ],
    [
      'while its shipment is booked',
      [shipped, asked, authorising, shipping],
      undoing('ShipmentCancellationRequested', 'customer_cancelled'),
    ],
  ])('can be called off %s', (_, history, event) => {
    expect(given(...history).when({ type: 'CancellationWanted' })).toEqual([event]);
    expect(isCancellable(foldOrder(history))).toBe(true);
  });
  it('cannot be called off once the money is being taken', () => {
    const history = [placed, asked, authorising, capturing];
    expect(given(...history).when({ type: 'CancellationWanted' })).toEqual([]);
    expect(isCancellable(foldOrder(history))).toBe(false);
    expect(isCancellable(foldOrder([...history, confirmed]))).toBe(false);
  });
  it.each([
    ['new', []],
    ['confirmed', [placed, asked, authorising, capturing, confirmed]],
    ['cancelled', [placed, asked, authorising, releasing('payment_declined'), cancelled]],
  ] as [string, OrderEvent[]][])('changes nothing in an order that is %s, whatever comes', (_, history) => {
    for (const message of everything) expect(given(...history).when(message, later(1e9))).toEqual([]);
  });
});

describe('an order that a version before began', () => {
  it('is confirmed when it is paid, and asks again as it asked', () => {
    expect(given(placed, asked, paying).when({ type: 'PaymentSucceeded', ...payment })).toEqual([confirmed]);
    const now = later(defaultPatience.paymentMs);
    expect(given(placed, asked, paying).when({ type: 'TimePassed' }, now)).toEqual([
      { type: 'PaymentRequested', data: { attempt: 2, at: now } },
    ]);
  });
  it('gives its stock back when it is not', () => {
    expect(given(placed, asked, paying).when({ type: 'PaymentDeclined', ...payment })).toEqual([
      releasing('payment_declined'),
    ]);
  });
  it('stays cancelled where its stock was given up', () => {
    const givenUp: OrderEvent = { type: 'StockReleaseGivenUp', data: { attempts: 10, at } };
    const history = [placed, asked, paying, releasing('payment_declined', 10), givenUp, cancelled];
    expect(given(...history).when({ type: 'TimePassed' }, later(1e9))).toEqual([]);
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
  it('asks for the authorisation again, and in the end for its void: silence is not "not charged"', () => {
    const now = later(defaultPatience.paymentMs);
    expect(given(placed, asked, authorising).when({ type: 'TimePassed' }, now)).toEqual([
      { type: 'PaymentAuthorisationRequested', data: { attempt: 2, at: now } },
    ]);
    const last: OrderEvent = {
      type: 'PaymentAuthorisationRequested',
      data: { attempt: defaultPatience.paymentAttempts, at },
    };
    expect(given(placed, asked, last).when({ type: 'TimePassed' }, now)).toMatchObject([
      { type: 'PaymentVoidRequested', data: { reason: 'payment_timeout' } },
    ]);
  });
  it('asks for the capture until it is answered', () => {
    const often: OrderEvent = { type: 'PaymentCaptureRequested', data: { attempt: 1000, at } };
    const now = later(defaultPatience.paymentMs);
    expect(given(placed, asked, authorising, often).when({ type: 'TimePassed' }, now)).toMatchObject([
      { type: 'PaymentCaptureRequested', data: { attempt: 1001 } },
    ]);
  });
  it('has a shipment called off that nobody answers for', () => {
    const last: OrderEvent = {
      type: 'ShipmentRequested',
      data: { attempt: defaultPatience.shipmentAttempts, at },
    };
    const now = later(defaultPatience.shipmentMs);
    expect(given(shipped, asked, authorising, last).when({ type: 'TimePassed' }, now)).toMatchObject([
      { type: 'ShipmentCancellationRequested', data: { reason: 'shipment_timeout' } },
    ]);
  });
  describe('that cannot be undone', () => {
    const now = later(defaultPatience.compensationMs);
    const { compensationAttempts } = defaultPatience;
    const lastRelease = [placed, asked, authorising, releasing('payment_declined', compensationAttempts)];
    const givenUp = () => given(...lastRelease).when({ type: 'TimePassed' }, now);
    it('asks again, then goes on to its end with the debt written down', () => {
      expect(
        given(placed, asked, authorising, releasing('payment_declined')).when({ type: 'TimePassed' }, now),
      ).toMatchObject([{ type: 'StockReleaseRequested', data: { attempt: 2 } }]);
      expect(givenUp()).toMatchObject([
        { type: 'CompensationFailed', data: { what: 'stock', attempts: compensationAttempts } },
        { type: 'OrderCancelled', data: { reason: 'payment_declined' } },
      ]);
    });
    it('asks on once it is cancelled, until somebody answers', () => {
      const history = [...lastRelease, ...givenUp()];
      const order = foldOrder(history);
      expect(order).toMatchObject({ status: 'cancelled', owed: [{ what: 'stock' }] });
      const due = dueAt(order, defaultPatience) as string;
      expect(Date.parse(due)).toBe(Date.parse(now) + defaultPatience.owedMs);
      const again = given(...history).when({ type: 'TimePassed' }, due);
      expect(again).toMatchObject([
        { type: 'StockReleaseRequested', data: { attempt: compensationAttempts + 1 } },
      ]);
      const settled = given(...history, ...again).when({ type: 'StockReleased' }, due);
      expect(settled).toMatchObject([{ type: 'CompensationSettled', data: { what: 'stock' } }]);
      const end = foldOrder([...history, ...again, ...settled]);
      expect(end).toMatchObject({ status: 'cancelled', owed: [] });
      expect(dueAt(end, defaultPatience)).toBeUndefined();
    });
    it('undoes the rest all the same', () => {
      const history = [
        ...[shipped, asked, authorising, shipping],
        undoing('ShipmentCancellationRequested', 'shipment_timeout', compensationAttempts),
      ];
      expect(given(...history).when({ type: 'TimePassed' }, now)).toMatchObject([
        { type: 'CompensationFailed', data: { what: 'shipment' } },
        { type: 'PaymentVoidRequested', data: { reason: 'shipment_timeout' } },
      ]);
    });
  });
  it('is due when its patience ends, and never once it has ended', () => {
    expect(dueAt(foldOrder([placed, asked]), defaultPatience)).toBe(later(defaultPatience.stockMs));
    expect(dueAt(foldOrder([placed, asked, authorising, capturing, confirmed]), defaultPatience)).toBe(
      undefined,
    );
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
