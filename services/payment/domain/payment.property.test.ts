import fc from 'fast-check';
import { toMessages } from '../application/messages';
import { MAX_ATTEMPTS } from './charging';
import { postingsByVersion } from './ledger';
import { play, TROUBLES, type Trouble } from './network.fixtures';
import { foldPayment, initialPayment, isKnown, type PaymentEvent, refundable } from './payment';

const plays = (script: fc.Arbitrary<Trouble[]>) =>
  fc
    .tuple(script, fc.constantFrom('at_once' as const, 'on_request' as const), fc.boolean())
    .map(([troubles, capture, fallback]) => play(troubles, capture, fallback));
const any = plays(fc.array(fc.constantFrom(...TROUBLES), { maxLength: 40 }));
const honest = plays(
  fc.array(fc.constantFrom(...TROUBLES.filter((trouble) => trouble !== 'lie')), { maxLength: 40 }),
);
const runs = { numRuns: 1000 };

const balances = (events: readonly PaymentEvent[]) => {
  const totals: Record<string, number> = {};
  for (const { postings } of postingsByVersion(initialPayment, events, 1)) {
    for (const { account, gateway, amount } of postings) {
      const name = account === 'gateway_clearing' ? `${account} ${gateway}` : account;
      totals[name] = (totals[name] ?? 0) + amount;
    }
  }
  return totals;
};

describe('paying over a network that fails in every way', () => {
  it('never has the money at two gateways at the same time', () => {
    fc.assert(
      fc.property(honest, ({ mostHolding }) => {
        expect(mostHolding).toBeLessThanOrEqual(1);
      }),
      runs,
    );
  });

  it('never tries again, here or at the fallback, before it is known that nothing was taken', () => {
    fc.assert(
      fc.property(any, ({ events }) => {
        let open = false;
        for (const { type } of events) {
          if (type === 'AttemptStarted' || type === 'GatewayChanged') expect(open).toBe(false);
          if (type === 'AttemptStarted') open = true;
          if (type === 'AttemptFailed') open = false;
        }
      }),
      runs,
    );
  });

  it('tries at most three times at each of two gateways', () => {
    fc.assert(
      fc.property(any, ({ events }) => {
        const attempts = [0];
        for (const { type } of events) {
          if (type === 'GatewayChanged') attempts.push(0);
          if (type === 'AttemptStarted') attempts[attempts.length - 1]! += 1;
        }
        expect(attempts.length).toBeLessThanOrEqual(2);
        expect(Math.max(...attempts)).toBeLessThanOrEqual(MAX_ATTEMPTS);
      }),
      runs,
    );
  });

  it('ends with the money where its own books say it is, whatever the gateways told on the way', () => {
    fc.assert(
      fc.property(any, ({ events, gateways }) => {
        const payment = foldPayment(events);
        const totals = balances(events);
        for (const gateway of gateways) {
          expect(totals[`gateway_clearing ${gateway.name}`] ?? 0).toBe(gateway.taken);
        }
        const kept = payment.status === 'captured' ? refundable(payment) : 0;
        expect(gateways.reduce((sum, { taken }) => sum + taken, 0)).toBe(kept);
        expect((totals.revenue ?? 0) + (totals.refunds ?? 0) + kept).toBe(0);
        // Nobody owes anybody anything.
        expect(totals.customer_receivable ?? 0).toBe(0);
      }),
      runs,
    );
  });

  it('holds no authorisation in the end that nobody asked it to keep', () => {
    fc.assert(
      fc.property(any, ({ events, gateways }) => {
        const payment = foldPayment(events);
        const kept = payment.status === 'authorised' && isKnown(payment) ? payment.gateway : undefined;
        for (const { name, status } of gateways) {
          if (status === 'authorised') expect(name).toBe(kept);
        }
      }),
      runs,
    );
  });

  it('tells the order one end, once', () => {
    fc.assert(
      fc.property(any, ({ events }) => {
        const told = toMessages(initialPayment, events, 1).map(({ type }) => type);
        const ends = told.filter((type) =>
          /^payment\.(authorised|succeeded|declined|failed)\.v1$/.test(type),
        );
        expect(ends.length).toBeLessThanOrEqual(1);
        expect(told.filter((type) => type === 'payment.voided.v1').length).toBeLessThanOrEqual(1);
        expect(ends.length + told.length).toBeGreaterThan(0);
        if (events.some(({ type }) => type === 'VoidRequested')) {
          expect(told).toContain('payment.voided.v1');
        }
      }),
      runs,
    );
  });
});

it('comes to everything that can happen to a payment', () => {
  const seen = fc
    .sample(any, { numRuns: 2000, seed: 1 })
    .flatMap(({ events }) => events.map(({ type }) => type));
  expect([...new Set(seen)].sort()).toEqual([
    'AttemptFailed',
    'AttemptStarted',
    'CaptureFailed',
    'CaptureRequested',
    'GatewayChanged',
    'LateChargeFound',
    'LateChargeRefunded',
    'LateChargeVoided',
    'OutcomeUnknown',
    'PaymentAuthorised',
    'PaymentCaptured',
    'PaymentDeclined',
    'PaymentFailed',
    'PaymentRefunded',
    'PaymentStarted',
    'PaymentVoided',
    'RefundPostponed',
    'RefundRequested',
    'SettlementPostponed',
    'VoidRequested',
  ]);
});

describe('the ledger', () => {
  it('adds up to nothing after every event of every history', () => {
    fc.assert(
      fc.property(any, ({ events }) => {
        for (const { postings } of postingsByVersion(initialPayment, events, 1)) {
          expect(postings.reduce((sum, { amount }) => sum + amount, 0)).toBe(0);
        }
      }),
      runs,
    );
  });

  it('gives the same postings from anywhere in a history', () => {
    fc.assert(
      fc.property(any, fc.nat({ max: 60 }), ({ events }, cut) => {
        const head = events.slice(0, cut);
        const tail = postingsByVersion(foldPayment(head), events.slice(cut), head.length + 1);
        expect([...postingsByVersion(initialPayment, head, 1), ...tail]).toEqual(
          postingsByVersion(initialPayment, events, 1),
        );
      }),
      { numRuns: 500 },
    );
  });
});
