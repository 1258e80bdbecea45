import fc from 'fast-check';
import { type CheckoutMessage, decide, type Patience } from './checkout';
import { foldOrder, initialOrder, type OrderEvent, place } from './order';

/**
 * The order among partners that behave as their contracts say: they answer a repeated question with the same answer, and remember what is
 * called off before it was asked for. The network between them may do anything: deliver in any order, twice, late, or not at all.
 */
type Question =
  | ['stock', 'reserve' | 'release']
  | ['payment', 'authorise' | 'capture' | 'void']
  | ['shipping', 'book' | 'cancel'];
type Wire = { question: Question } | { message: CheckoutMessage };

const patience: Patience = {
  ...{ stockMs: 100, paymentMs: 100, paymentAttempts: 3, shipmentMs: 100, shipmentAttempts: 3 },
  ...{ compensationMs: 100, compensationAttempts: 3, owedMs: 100 },
};

const questions: Partial<Record<OrderEvent['type'], Question>> = {
  StockReservationRequested: ['stock', 'reserve'],
  StockReleaseRequested: ['stock', 'release'],
  PaymentAuthorisationRequested: ['payment', 'authorise'],
  PaymentCaptureRequested: ['payment', 'capture'],
  PaymentVoidRequested: ['payment', 'void'],
  ShipmentRequested: ['shipping', 'book'],
  ShipmentCancellationRequested: ['shipping', 'cancel'],
};

interface Fate {
  inStock: boolean;
  authorisation: 'PaymentAuthorised' | 'PaymentDeclined' | 'PaymentFailed';
  capturable: boolean;
  withShipment: boolean;
  shippable: boolean;
  /** Asks for the order to be called off at this step; never unless told. */
  calledOffAt?: number;
}

const shipment = {
  ...{ shipmentId: 's-1', carrier: 'ups', trackingNumber: '1Z', estimatedDelivery: null },
  cost: { amount: 1, currency: 'EUR' },
};
const payment = { paymentId: 'p-1' };

const createPartners = ({ inStock, authorisation, capturable, shippable }: Fate) => {
  let stock: 'none' | 'reserved' | 'rejected' | 'released' = 'none';
  let money: 'none' | 'authorised' | 'captured' | 'uncapturable' | 'voided' | 'refused' = 'none';
  let parcel: 'none' | 'booked' | 'failed' | 'cancelled' = 'none';
  const was = { reserved: false, captures: 0 };
  const reserve = (): CheckoutMessage => {
    if (stock === 'none') stock = inStock ? 'reserved' : 'rejected';
    if (stock === 'reserved') was.reserved = true;
    return { type: stock === 'reserved' ? 'StockReserved' : 'StockRejected' };
  };
  const release = (): CheckoutMessage => {
    if (stock !== 'rejected') stock = 'released';
    return { type: 'StockReleased' };
  };
  const authorise = (): CheckoutMessage => {
    if (money === 'none') money = authorisation === 'PaymentAuthorised' ? 'authorised' : 'refused';
    if (money === 'refused') return { type: authorisation, ...payment };
    return { type: money === 'voided' ? 'PaymentVoided' : 'PaymentAuthorised', ...payment };
  };
  const capture = (): CheckoutMessage => {
    if (money === 'authorised') {
      money = capturable ? 'captured' : 'uncapturable';
      if (capturable) was.captures += 1;
    }
    return { type: money === 'captured' ? 'PaymentCaptured' : 'PaymentCaptureFailed', ...payment };
  };
  const cancelPayment = (): CheckoutMessage => {
    if (money !== 'refused') money = 'voided';
    return { type: 'PaymentVoided', ...payment };
  };
  const book = (): CheckoutMessage => {
    if (parcel === 'none') parcel = shippable ? 'booked' : 'failed';
    if (parcel === 'booked') return { type: 'ShipmentBooked', shipment };
    return { type: parcel === 'failed' ? 'ShipmentFailed' : 'ShipmentCancelled' };
  };
  const cancelShipment = (): CheckoutMessage => {
    if (parcel !== 'failed') parcel = 'cancelled';
    return { type: parcel === 'failed' ? 'ShipmentFailed' : 'ShipmentCancelled' };
  };
  const answers = { reserve, release, authorise, capture, void: cancelPayment, book, cancel: cancelShipment };
  return {
    was,
    answer: ([, question]: Question) => answers[question](),
    state: () => ({ stock, money, parcel }),
  };
};

const createWorld = (fate: Fate) => {
  let now = 0;
  let steps = 0;
  const events: OrderEvent[] = [];
  const wires: Wire[] = [];
  const partners = createPartners(fate);
  const time = () => new Date(now).toISOString();

  const record = (more: OrderEvent[]) => {
    for (const event of more) {
      events.push(event);
      const question = questions[event.type];
      if (question) wires.push({ question });
    }
  };
  const tell = (message: CheckoutMessage) => record(decide(message, foldOrder(events), time(), patience));
  const deliver = (wire: Wire) => {
    if ('message' in wire) tell(wire.message);
    else wires.push({ message: partners.answer(wire.question) });
  };

  record(
    place(
      {
        ...{ orderId: 'o-1', customerId: 'c-1', paymentMethod: 'pm', at: time() },
        items: [{ productId: 'a', quantity: 1, unitPrice: { amount: 5, currency: 'EUR' } }],
        total: { amount: 5, currency: 'EUR' },
        ...(fate.withShipment && { quoteId: 'q-1' }),
      },
      initialOrder,
    ),
  );
  return {
    events,
    partners,
    order: () => foldOrder(events),
    step(kind: 'deliver' | 'repeat' | 'lose' | 'wait', pick: number) {
      if (steps++ === fate.calledOffAt) tell({ type: 'CancellationWanted' });
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
      for (let round = 0; round < 30; round += 1) {
        while (wires.length > 0) deliver(wires.shift()!);
        now += 200;
        tell({ type: 'TimePassed' });
      }
    },
  };
};

const fate = fc.record<Fate>({
  inStock: fc.boolean(),
  authorisation: fc.constantFrom(
    'PaymentAuthorised',
    'PaymentAuthorised',
    'PaymentDeclined',
    'PaymentFailed',
  ),
  capturable: fc.boolean(),
  withShipment: fc.boolean(),
  shippable: fc.boolean(),
  calledOffAt: fc.option(fc.nat(60), { nil: undefined, freq: 2 }),
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
  it('ends confirmed xor cancelled; what was taken, shipped and reserved belongs to a confirmed order, and nothing is owed', () => {
    fc.assert(
      fc.property(fate, fc.array(step, { maxLength: 80 }), (how, steps) => {
        const world = createWorld(how);
        for (const [kind, pick] of steps) world.step(kind, pick);
        world.settle();

        const ends = world.events.filter(
          ({ type }) => type === 'OrderConfirmed' || type === 'OrderCancelled',
        );
        expect(ends).toHaveLength(1);
        const order = world.order();
        const { stock, money, parcel } = world.partners.state();
        expect(world.partners.was.captures).toBeLessThanOrEqual(1);
        if (order.status === 'confirmed') {
          expect([stock, money]).toEqual(['reserved', 'captured']);
          expect(parcel).toBe(how.withShipment ? 'booked' : 'none');
          expect(order.shipment).toEqual(how.withShipment ? shipment : undefined);
        } else {
          expect(order).toMatchObject({ status: 'cancelled', owed: [] });
          expect(stock).not.toBe('reserved');
          if (world.partners.was.reserved) expect(stock).toBe('released');
          expect(['none', 'voided', 'refused']).toContain(money);
          expect(parcel).not.toBe('booked');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('confirms whatever can be confirmed when nothing is lost and nobody is impatient', () => {
    const orderly = fc.tuple(fc.constantFrom('deliver' as const, 'repeat' as const), fc.nat(1000));
    fc.assert(
      fc.property(fate, fc.array(orderly, { maxLength: 60 }), (how, steps) => {
        const world = createWorld({ ...how, calledOffAt: undefined });
        for (const [kind, pick] of steps) world.step(kind, pick);
        world.settle();
        const possible =
          how.inStock &&
          how.authorisation === 'PaymentAuthorised' &&
          how.capturable &&
          (how.shippable || !how.withShipment);
        expect(world.order().status).toBe(possible ? 'confirmed' : 'cancelled');
      }),
      { numRuns: 500 },
    );
  });
});
