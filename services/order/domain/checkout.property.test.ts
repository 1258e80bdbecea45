import fc from 'fast-check';
import { type CheckoutMessage, decide } from './checkout';
import { foldOrder, initialOrder, type OrderEvent, place } from './order';

/**
 * The order among partners that behave as their contracts say: they answer a repeated question with the same answer, and remember a release
 * that overtook its reservation. The network between them may do anything: deliver in any order, twice, late, or not at all.
 */
type Wire =
  | { to: 'product'; ask: 'reserve' | 'release' }
  | { to: 'payment' }
  | { to: 'order'; message: CheckoutMessage };

const patience = { stockMs: 100, paymentMs: 100, releaseMs: 100, releaseAttempts: 1000 };

interface Fate {
  inStock: boolean;
  payment: 'PaymentSucceeded' | 'PaymentDeclined' | 'PaymentFailed';
}

const createWorld = ({ inStock, payment }: Fate) => {
  let now = 0;
  const events: OrderEvent[] = [];
  const wires: Wire[] = [];
  let stock: 'none' | 'reserved' | 'rejected' | 'released' = 'none';
  const seen = { reserved: false, charges: 0, paymentAsked: false };
  const time = () => new Date(now).toISOString();

  const record = (more: OrderEvent[]) => {
    for (const event of more) {
      events.push(event);
      if (event.type === 'StockReservationRequested') wires.push({ to: 'product', ask: 'reserve' });
      if (event.type === 'StockReleaseRequested') wires.push({ to: 'product', ask: 'release' });
      if (event.type === 'PaymentRequested') wires.push({ to: 'payment' });
    }
  };
  const tell = (message: CheckoutMessage) => record(decide(message, foldOrder(events), time(), patience));
  const answer = (message: CheckoutMessage) => wires.push({ to: 'order', message });

  const deliver = (wire: Wire) => {
    if (wire.to === 'order') return tell(wire.message);
    if (wire.to === 'payment') {
      if (!seen.paymentAsked && payment === 'PaymentSucceeded') seen.charges += 1;
      seen.paymentAsked = true;
      return answer({ type: payment, paymentId: 'p-1' });
    }
    if (wire.ask === 'release') {
      if (stock !== 'rejected') stock = 'released';
      return answer({ type: 'StockReleased' });
    }
    if (stock === 'none') stock = inStock ? 'reserved' : 'rejected';
    if (stock === 'reserved') seen.reserved = true;
    return answer({ type: stock === 'reserved' ? 'StockReserved' : 'StockRejected' });
  };

  record(
    place(
      {
        orderId: 'o-1',
        customerId: 'c-1',
        items: [{ productId: 'a', quantity: 1, unitPrice: { amount: 5, currency: 'EUR' } }],
        total: { amount: 5, currency: 'EUR' },
        paymentMethod: 'pm',
        at: time(),
      },
      initialOrder,
    ),
  );
  return {
    events,
    seen,
    stock: () => stock,
    order: () => foldOrder(events),
    step(kind: 'deliver' | 'repeat' | 'lose' | 'wait', pick: number) {
      if (kind === 'wait') {
        now += pick % 150;
        return tell({ type: 'TimePassed' });
      }
      if (wires.length === 0) return;
      const index = pick % wires.length;
      const wire = wires[index]!;
      if (kind !== 'repeat') wires.splice(index, 1);
      if (kind !== 'lose') deliver(wire);
    },
    /** From here on the network works, with the clock going. */
    settle() {
      for (let round = 0; round < 20; round += 1) {
        while (wires.length > 0) deliver(wires.shift()!);
        now += 200;
        tell({ type: 'TimePassed' });
      }
    },
  };
};

const fate = fc.record<Fate>({
  inStock: fc.boolean(),
  payment: fc.constantFrom('PaymentSucceeded', 'PaymentDeclined', 'PaymentFailed'),
});
const step = fc.tuple(
  fc.constantFrom(
    'deliver' as const,
    'deliver' as const,
    'repeat' as const,
    'lose' as const,
    'wait' as const,
  ),
  fc.nat(1000),
);

describe('checkout over a network that repeats, delays, reorders and loses', () => {
  it('ends confirmed xor cancelled, charges at most once and never for a cancelled order, keeps stock only for a confirmed one', () => {
    fc.assert(
      fc.property(fate, fc.array(step, { maxLength: 60 }), (how, steps) => {
        const world = createWorld(how);
        for (const [kind, pick] of steps) world.step(kind, pick);
        world.settle();

        const ends = world.events.filter(
          ({ type }) => type === 'OrderConfirmed' || type === 'OrderCancelled',
        );
        expect(ends).toHaveLength(1);
        const order = world.order();
        expect(['confirmed', 'cancelled']).toContain(order.status);
        expect(world.seen.charges).toBe(order.status === 'confirmed' ? 1 : 0);
        if (order.status === 'confirmed') expect(world.stock()).toBe('reserved');
        else if (world.seen.reserved) expect(world.stock()).toBe('released');
        else expect(world.stock()).not.toBe('reserved');
      }),
      { numRuns: 1500 },
    );
  });

  it('confirms whatever can be confirmed when nothing is lost and nobody is impatient', () => {
    const orderly = fc.tuple(fc.constantFrom('deliver' as const, 'repeat' as const), fc.nat(1000));
    fc.assert(
      fc.property(fate, fc.array(orderly, { maxLength: 40 }), (how, steps) => {
        const world = createWorld(how);
        for (const [kind, pick] of steps) world.step(kind, pick);
        world.settle();
        const confirmed = how.inStock && how.payment === 'PaymentSucceeded';
        expect(world.order().status).toBe(confirmed ? 'confirmed' : 'cancelled');
      }),
      { numRuns: 500 },
    );
  });
});
