// Orders, people and the clock do anything in any order: what is available is what is on hand less what is held, and nothing is lost.
import fc from 'fast-check';
import { type Command, decide, productsOf, type Reservation, type SoldLine } from './reservation';
import { adjusted, availableOf, becameLow, counted, type Item, type ItemChange, isLow } from './stock';

const PRODUCTS = ['a', 'b', 'c'];
const ORDERS = ['1', '2', '3', '4', '5'];

type Step =
  | { kind: 'order'; orderId: string; command: Command }
  | { kind: 'adjust'; productId: string; change: number }
  | { kind: 'count'; productId: string; stock: number; threshold: number };

const time = fc.nat(20).map((minute) => new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString());
const lines = fc.array(
  fc.record({
    productId: fc.constantFrom(...PRODUCTS, 'unknown'),
    quantity: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.constant(0)),
  }),
  { maxLength: 4 },
);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('reserve' as const), lines, expiresAt: time }) },
  { weight: 2, arbitrary: fc.constantFrom<Command>({ type: 'release' }, { type: 'cancel' }) },
  { weight: 2, arbitrary: fc.constant<Command>({ type: 'confirm' }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('expire' as const), at: time }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      orderId: fc.constantFrom(...ORDERS),
      command,
    }),
  },
  fc.record({
    ...{ kind: fc.constant('adjust' as const), productId: fc.constantFrom(...PRODUCTS) },
    change: fc.integer({ min: -9, max: 9 }),
  }),
  fc.record({
    ...{ kind: fc.constant('count' as const), productId: fc.constantFrom(...PRODUCTS) },
    ...{ stock: fc.nat(30), threshold: fc.nat(9) },
  }),
);

const play = (steps: Step[], look: (world: World, change: ItemChange[]) => void) => {
  const world = new World();
  for (const one of steps) look(world, world.does(one));
  return world;
};

class World {
  readonly items = new Map<string, Item>(
    PRODUCTS.map((productId) => [productId, { productId, stock: 10, held: 0, threshold: 3, version: 1 }]),
  );
  readonly orders = new Map<string, Reservation>();
  /** What people added and took away, by product. */
  readonly moved = new Map<string, number>(PRODUCTS.map((productId) => [productId, 10]));

  does(one: Step): ItemChange[] {
    const changes = one.kind === 'order' ? this.order(one.orderId, one.command) : this.people(one);
    for (const { after } of changes) this.items.set(after.productId, after);
    return changes;
  }

  private order(orderId: string, command: Command): ItemChange[] {
    const before = this.orders.get(orderId);
    // Only what the decider says it needs.
    const needed = productsOf(command, before).filter((id) => this.items.has(id));
    const given = new Map(needed.map((id) => [id, this.items.get(id) as Item]));
    const { reservation, changes } = decide(command, before, given);
    if (reservation) this.orders.set(orderId, reservation);
    return changes;
  }

  private people(one: Exclude<Step, { kind: 'order' }>): ItemChange[] {
    const before = this.items.get(one.productId) as Item;
    const after = one.kind === 'adjust' ? adjusted(before, one.change) : counted(before, one);
    if (typeof after === 'string') return [];
    this.moved.set(one.productId, this.moved.get(one.productId)! + after.stock - before.stock);
    return [{ before, after }];
  }

  /** Of all orders, what `amount` says of a line of this product. */
  sum(productId: string, amount: (order: Reservation, quantity: number, short: number) => number): number {
    let total = 0;
    for (const order of this.orders.values()) {
      const lines: SoldLine[] = order.status === 'rejected' ? [] : order.lines;
      for (const line of lines)
        if (line.productId === productId) total += amount(order, line.quantity, line.short ?? 0);
    }
    return total;
  }
}

const runs = { numRuns: 500 };

test('nothing is ever negative, and exactly what open orders were promised is held', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      play(steps, (world) => {
        for (const item of world.items.values()) {
          expect(Math.min(availableOf(item), item.stock, item.held)).toBeGreaterThanOrEqual(0);
          expect(item.held).toBe(
            world.sum(item.productId, ({ status }, quantity) => (status === 'reserved' ? quantity : 0)),
          );
        }
      });
    }),
    runs,
  );
});

test('nothing is lost: what is on hand is what people put there less what orders were sold', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = play(steps, () => undefined);
      for (const { productId, stock } of world.items.values()) {
        const sold = world.sum(productId, ({ status }, quantity, short) =>
          status === 'sold' || status === 'sold-late' ? quantity - short : 0,
        );
        expect(stock).toBe(world.moved.get(productId)! - sold);
      }
    }),
    runs,
  );
});

test('what was said once holds: said again at once, it changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.constantFrom(...ORDERS),
      command,
      (steps, orderId, one) => {
        const world = play(steps, () => undefined);
        world.does({ kind: 'order', orderId, command: one });
        const standing = world.orders.get(orderId);
        expect(world.does({ kind: 'order', orderId, command: one })).toEqual([]);
        expect(world.orders.get(orderId)).toEqual(standing);
      },
    ),
    runs,
  );
});

test('a confirmed order is sold for good, whatever comes after', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.array(command, { maxLength: 10 }), (steps, later) => {
      const world = play(steps, () => undefined);
      world.does({ kind: 'order', orderId: '1', command: { type: 'confirm' } });
      for (const one of later) world.does({ kind: 'order', orderId: '1', command: one });
      expect(['sold', 'sold-late']).toContain(world.orders.get('1')?.status);
    }),
    runs,
  );
});

test('every change is the next version, and low stock is told once on the way down', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const told = new Map(PRODUCTS.map((id) => [id, false]));
      play(steps, (_world, changes) => {
        for (const change of changes) {
          const { before, after } = change;
          expect(after.version).toBe(before!.version + 1);
          if (becameLow(change)) {
            expect(told.get(after.productId)).toBe(false);
            told.set(after.productId, true);
          }
          if (!isLow(after)) told.set(after.productId, false);
          // Whoever listened knows whether it is low.
          expect(told.get(after.productId)).toBe(isLow(after));
        }
      });
    }),
    runs,
  );
});
