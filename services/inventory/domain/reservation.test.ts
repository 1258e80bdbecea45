import { type Command, decide, mergeLines, type Reservation } from './reservation';
import { type Item, isLow } from './stock';

const item = (productId: string, stock: number, held = 0): Item => ({
  ...{ productId, stock, held, threshold: 0, version: 1 },
});
const lines = (...wanted: [string, number][]) =>
  wanted.map(([productId, quantity]) => ({ productId, quantity }));
const ends = '2030-01-01T02:00:00.000Z';
const reserve = (...wanted: [string, number][]): Command => ({
  ...{ type: 'reserve', lines: lines(...wanted), expiresAt: ends },
});

const given = (reservation: Reservation | undefined, ...items: Item[]) => ({
  when: (command: Command) => decide(command, reservation, new Map(items.map((one) => [one.productId, one]))),
});
/** What each product has afterwards. */
const after = ({ changes }: ReturnType<typeof decide>) =>
  Object.fromEntries(changes.map(({ after: { productId, stock, held } }) => [productId, { stock, held }]));
const nothing = { changes: [] };

const held: Reservation = { status: 'reserved', lines: lines(['a', 2]), expiresAt: ends };

describe('a request', () => {
  it('holds what is there, and leaves it on hand', () => {
    const decision = given(undefined, item('a', 3), item('b', 1)).when(reserve(['b', 1], ['a', 3]));
    expect(decision).toMatchObject({
      reservation: { status: 'reserved', lines: lines(['a', 3], ['b', 1]), expiresAt: ends },
      answer: { outcome: 'reserved' },
    });
    expect(after(decision)).toEqual({ a: { stock: 3, held: 3 }, b: { stock: 1, held: 1 } });
    expect(decision.changes[0]?.after.version).toBe(2);
  });

  it('gets all lines or none, and hears which are short', () => {
    expect(given(undefined, item('a', 3), item('b', 5, 4)).when(reserve(['a', 1], ['b', 2]))).toEqual({
      reservation: { status: 'rejected', reason: 'out_of_stock', productIds: ['b'] },
      answer: { outcome: 'rejected', reason: 'out_of_stock', productIds: ['b'] },
      changes: [],
    });
  });

  it('has lines of the same product added up before they are compared', () => {
    expect(given(undefined, item('a', 3)).when(reserve(['a', 2], ['a', 2]))).toMatchObject({
      answer: { reason: 'out_of_stock', productIds: ['a'] },
    });
  });

  it('for products nobody knows is refused', () => {
    expect(given(undefined, item('a', 3)).when(reserve(['x', 1]))).toMatchObject({
      answer: { reason: 'unknown_product', productIds: ['x'] },
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'for a quantity of %s is refused',
    (quantity) => {
      expect(given(undefined, item('a', 3)).when(reserve(['a', quantity]))).toMatchObject({
        answer: { reason: 'invalid_request' },
      });
    },
  );

  it('for nothing is refused', () => {
    expect(given(undefined).when(reserve())).toMatchObject({ answer: { reason: 'invalid_request' } });
  });

  it.each<[Reservation, object]>([
    [held, { outcome: 'reserved' }],
    [
      { status: 'rejected', reason: 'out_of_stock', productIds: ['a'] },
      { outcome: 'rejected', reason: 'out_of_stock', productIds: ['a'] },
    ],
    [{ status: 'sold', lines: lines(['a', 2]) }, { outcome: 'reserved' }],
    [
      { status: 'released', lines: [] },
      { outcome: 'rejected', reason: 'already_released', productIds: [] },
    ],
    [
      { status: 'expired', lines: lines(['a', 2]) },
      { outcome: 'rejected', reason: 'already_released', productIds: [] },
    ],
  ])('that comes again after %o moves nothing', (reservation, answer) => {
    expect(given(reservation, item('a', 9, 2)).when(reserve(['a', 2]))).toEqual({ ...nothing, answer });
  });
});

describe('what is held', () => {
  it('comes back when it is asked for', () => {
    const decision = given(held, item('a', 5, 3)).when({ type: 'release' });
    expect(decision).toMatchObject({ reservation: { status: 'released' }, answer: { outcome: 'released' } });
    expect(after(decision)).toEqual({ a: { stock: 5, held: 1 } });
  });

  it('is sold when the order is confirmed: on hand no more, and available to others as before', () => {
    const decision = given(held, item('a', 5, 3)).when({ type: 'confirm' });
    expect(decision.reservation).toEqual({ status: 'sold', lines: lines(['a', 2]) });
    expect(decision.answer).toBeUndefined();
    expect(after(decision)).toEqual({ a: { stock: 3, held: 1 } });
  });

  it('comes back when the order is cancelled and nobody asked for it, and the order hears of it', () => {
    const decision = given(held, item('a', 5, 2)).when({ type: 'cancel' });
    expect(decision).toMatchObject({ reservation: { status: 'released' }, answer: { outcome: 'released' } });
  });

  it('comes back when its time is over, and not a moment before', () => {
    const at = (time: string) => given(held, item('a', 5, 2)).when({ type: 'expire', at: time });
    expect(at('2030-01-01T01:59:59.999Z')).toEqual(nothing);
    expect(at(ends)).toMatchObject({
      reservation: { status: 'expired', lines: lines(['a', 2]) },
      answer: { outcome: 'released' },
    });
    expect(after(at(ends))).toEqual({ a: { stock: 5, held: 0 } });
  });
});

it('a release before the request is remembered and answered; a cancellation too, without an answer', () => {
  expect(given(undefined).when({ type: 'release' })).toEqual({
    ...{ reservation: { status: 'released', lines: [] }, changes: [], answer: { outcome: 'released' } },
  });
  expect(given(undefined).when({ type: 'cancel' })).toEqual({
    reservation: { status: 'released', lines: [] },
    changes: [],
  });
});

it.each<Reservation>([
  { status: 'released', lines: lines(['a', 2]) },
  { status: 'expired', lines: lines(['a', 2]) },
  { status: 'rejected', reason: 'out_of_stock', productIds: ['a'] },
])('a release of what is not held any more is answered and moves nothing: $status', (reservation) => {
  expect(given(reservation, item('a', 5, 2)).when({ type: 'release' })).toEqual({
    ...{ ...nothing, answer: { outcome: 'released' } },
  });
});

describe('what is sold', () => {
  it.each(['release', 'confirm', 'cancel'] as const)('is not touched by a late %s', (type) => {
    for (const status of ['sold', 'sold-late'] as const)
      expect(given({ status, lines: lines(['a', 2]) }, item('a', 5, 2)).when({ type })).toEqual(nothing);
  });

  it('does not end', () => {
    const sold: Reservation = { status: 'sold', lines: lines(['a', 2]) };
    expect(given(sold, item('a', 5, 2)).when({ type: 'expire', at: '2099-01-01T00:00:00.000Z' })).toEqual(
      nothing,
    );
  });
});

describe('an order that is confirmed after its stock was given back', () => {
  const expired: Reservation = { status: 'expired', lines: lines(['a', 2], ['b', 2], ['c', 1]) };

  it('takes what is left, and what is short is written down', () => {
    const items = [item('a', 5, 1), item('b', 5, 4), item('c', 1, 1)];
    const decision = given(expired, ...items).when({ type: 'confirm' });
    expect(decision.reservation).toEqual({
      status: 'sold-late',
      lines: [
        { productId: 'a', quantity: 2 },
        { productId: 'b', quantity: 2, short: 1 },
        { productId: 'c', quantity: 1, short: 1 },
      ],
    });
    // What others were promised stays theirs.
    expect(after(decision)).toEqual({ a: { stock: 3, held: 1 }, b: { stock: 4, held: 4 } });
  });

  it('of which nothing is known is remembered, and its request takes what it wants when it comes', () => {
    const remembered = given(undefined).when({ type: 'confirm' });
    expect(remembered).toEqual({ reservation: { status: 'sold-late', lines: [] }, changes: [] });
    const decision = given(remembered.reservation, item('a', 1)).when(reserve(['a', 2]));
    expect(decision).toMatchObject({
      reservation: { status: 'sold-late', lines: [{ productId: 'a', quantity: 2, short: 1 }] },
      answer: { outcome: 'reserved' },
    });
    expect(after(decision)).toEqual({ a: { stock: 0, held: 0 } });
  });
});

it('merged lines have every product once, in the order of ids', () => {
  expect(mergeLines(lines(['b', 1], ['a', 2], ['b', 3]))).toEqual(lines(['a', 2], ['b', 4]));
});

it('stock is low at its threshold', () => {
  expect([2, 1, 0].map((stock) => isLow({ ...item('a', stock), threshold: 1 }))).toEqual([false, true, true]);
});
