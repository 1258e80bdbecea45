import fc from 'fast-check';
import { decideReservation, type Line, mergeLines } from './reservation';

const given = (stock: Record<string, number>) => ({
  when: (...lines: [string, number][]) =>
    decideReservation(
      lines.map(([productId, quantity]) => ({ productId, quantity })),
      new Map(Object.entries(stock)),
    ),
});

test('reserves what is there', () => {
  expect(given({ a: 3, b: 1 }).when(['b', 1], ['a', 3])).toEqual({
    outcome: 'reserved',
    lines: [
      { productId: 'a', quantity: 3 },
      { productId: 'b', quantity: 1 },
    ],
  });
});

test('rejects the whole order when one line is short, and names it', () => {
  expect(given({ a: 3, b: 1 }).when(['a', 1], ['b', 2])).toEqual({
    outcome: 'rejected',
    reason: 'out_of_stock',
    productIds: ['b'],
  });
});

test('adds up lines of the same product before it compares', () => {
  expect(given({ a: 3 }).when(['a', 2], ['a', 2])).toMatchObject({ outcome: 'rejected', productIds: ['a'] });
});

test('rejects products nobody knows', () => {
  expect(given({ a: 3 }).when(['x', 1])).toMatchObject({ reason: 'unknown_product', productIds: ['x'] });
});

test.each([[0], [-1], [1.5], [Number.NaN], [Number.POSITIVE_INFINITY]])(
  'rejects a quantity of %s',
  (quantity) => {
    expect(given({ a: 3 }).when(['a', quantity])).toMatchObject({ reason: 'invalid_request' });
  },
);

test('rejects an order of nothing', () => {
  expect(given({}).when()).toMatchObject({ reason: 'invalid_request' });
});

const lines = fc.array(
  fc.record({ productId: fc.constantFrom('a', 'b', 'c', 'd'), quantity: fc.integer({ min: 1, max: 9 }) }),
  { minLength: 1, maxLength: 8 },
);

test('never takes more than there is, and takes exactly what was ordered', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(20)),
      fc.array(lines),
      (initial, orders) => {
        const stock = new Map(Object.entries(initial));
        let taken = 0;
        for (const order of orders) {
          const decision = decideReservation(order, stock);
          if (decision.outcome === 'rejected') continue;
          for (const { productId, quantity } of decision.lines) {
            stock.set(productId, (stock.get(productId) ?? 0) - quantity);
            taken += quantity;
          }
          expect(sum(decision.lines)).toBe(sum(order));
        }
        expect([...stock.values()].every((available) => available >= 0)).toBe(true);
        expect(taken + [...stock.values()].reduce((a, b) => a + b, 0)).toBe(
          Object.values(initial).reduce((a, b) => a + b, 0),
        );
      },
    ),
  );
});

test('merged lines have every product once, in the order of ids', () => {
  fc.assert(
    fc.property(lines, (order) => {
      const ids = mergeLines(order).map(({ productId }) => productId);
      expect(ids).toEqual([...new Set(order.map(({ productId }) => productId))].sort());
    }),
  );
});

const sum = (order: Line[]): number => order.reduce((total, { quantity }) => total + quantity, 0);
