import fc from 'fast-check';
import {
  beginAttempt,
  cancel,
  enquiryOutcome,
  MAX_ATTEMPTS,
  MAX_ENQUIRIES,
  nextStep,
  type Outcome,
  request,
  settle,
  settleVoid,
  type VoidOutcome,
} from './booking';
import {
  type Booking,
  foldShipment,
  initialShipment,
  referenceOf,
  type Shipment,
  type ShipmentEvent,
} from './shipment';

const T0 = '2030-01-01T00:00:00.000Z';
const after = (seconds: number) => new Date(Date.parse(T0) + seconds * 1000).toISOString();
const orderId = '0190aaaa-0000-7000-8000-000000000001';
const ids = { shipmentId: 's-1', orderId };
const cost = { amount: 899, currency: 'USD' };
const choice = { carrier: 'ups', service: '03', cost };
const wanted = { ...ids, customerId: 'c-1', quoteId: 'q-1', chosen: choice, at: T0 };
const booking: Booking = { trackingNumber: '1Z', cost, parcels: 1 };
const bought: Outcome = { kind: 'bought', booking };

type Step = (shipment: Shipment) => ShipmentEvent[];
const ask: Step = (shipment) => request(wanted, shipment);
const begin: Step = (shipment) => beginAttempt(shipment, T0);
const told =
  (outcome: Outcome): Step =>
  (shipment) =>
    settle(outcome, shipment, T0);
const asked = (outcome: Outcome) => told(enquiryOutcome(outcome));
const unwanted: Step = (shipment) => cancel({ ...ids, at: T0 }, shipment);
const given =
  (outcome: VoidOutcome): Step =>
  (shipment) =>
    settleVoid(outcome, shipment, T0);
const run = (...steps: Step[]): Shipment =>
  steps.reduce<Shipment>((shipment, step) => foldShipment(step(shipment), shipment), initialShipment);
const types = (step: Step, shipment: Shipment) => step(shipment).map(({ type }) => type);

describe('a shipment', () => {
  it('is requested once, and tried at once', () => {
    const ready = run(ask);
    expect(ready).toMatchObject({ status: 'ready', dueAt: T0, choice });
    expect(nextStep(ready, T0)).toBe('buy');
    expect(ask(ready)).toEqual([]);
  });

  it('fails when its quote cannot be used, and says why', () => {
    const failed = run((shipment) => request({ ...wanted, chosen: { problem: 'quote_expired' } }, shipment));
    expect(failed).toMatchObject({ status: 'failed', reason: 'quote_expired' });
  });

  it('has its intent on record before the carrier is called: after a crash the carrier is asked, not told again', () => {
    const asking = run(ask, begin);
    expect(nextStep(asking, T0)).toBe('enquire');
    expect(begin(asking)).toEqual([]);
  });

  it('is booked with what the carrier sold', () => {
    expect(run(ask, begin, told(bought))).toMatchObject({ status: 'booked', booking });
  });

  it.each([
    ['rejected', { kind: 'rejected', reason: 'bad_address' }, 'bad_address'],
    ['misconfigured', { kind: 'misconfigured', error: 'token_refused_401' }, 'carrier_misconfigured'],
  ] as [string, Outcome, string][])('that is %s has failed for good', (_, outcome, reason) => {
    expect(run(ask, begin, told(outcome))).toMatchObject({ status: 'failed', reason });
  });

  it('is tried again after growing pauses, and then fails', () => {
    const busy = told({ kind: 'retriable', error: 'rate_limited' });
    expect(run(ask, begin, busy)).toMatchObject({ status: 'ready', dueAt: after(2) });
    expect(run(ask, begin, busy, begin, busy)).toMatchObject({ dueAt: after(4) });
    const attempts = Array.from({ length: MAX_ATTEMPTS }, () => [begin, busy]).flat();
    expect(run(ask, ...attempts)).toMatchObject({ status: 'failed', reason: 'rate_limited' });
  });

  it('whose outcome is unknown is asked about, and not bought again before the carrier says it was not', () => {
    const lost = run(ask, begin, told({ kind: 'unknown', error: 'no_answer' }));
    expect(lost).toMatchObject({ status: 'asking', dueAt: after(1), enquiries: 1 });
    expect(begin(lost)).toEqual([]);
    expect(types(asked({ kind: 'not_bought' }), lost)).toEqual(['AttemptFailed']);
    expect(types(asked(bought), lost)).toEqual(['LabelBought']);
    for (const kind of ['retriable', 'misconfigured'] as const) {
      expect(types(asked({ kind, error: 'e' }), lost)).toEqual(['OutcomeUnknown']);
    }
    expect(types(asked({ kind: 'rejected', reason: 'e' }), lost)).toEqual(['OutcomeUnknown']);
  });

  it('of which the carrier never says what became needs a person', () => {
    const silent = Array.from({ length: MAX_ENQUIRIES + 1 }, () =>
      told({ kind: 'unknown', error: 'no_answer' }),
    );
    const open = run(ask, begin, ...silent.slice(1));
    expect(open.status).toBe('asking');
    expect(run(ask, begin, ...silent)).toMatchObject({ status: 'unresolved', reason: 'no_answer' });
  });

  it('whose label is lost gives it back before another is bought, under another reference', () => {
    const lost = run(ask, begin, told({ kind: 'lost', trackingNumber: '1Z' }));
    expect(nextStep(lost, T0)).toBe('void');
    expect(begin(lost)).toEqual([]);
    const ready = foldShipment(given({ kind: 'voided' })(lost), lost);
    expect(ready).toMatchObject({ status: 'ready', lost: 1 });
    expect(referenceOf(ready as Extract<Shipment, { orderId: string }>)).toMatch(/-2$/);
    const refused = foldShipment(given({ kind: 'refused', error: 'too_late' })(lost), lost);
    expect(refused).toMatchObject({ status: 'unresolved', reason: 'too_late' });
  });
});

describe('a cancellation', () => {
  const booked = () => run(ask, begin, told(bought));

  it('that overtakes the request is remembered', () => {
    const early = run(unwanted);
    expect(early).toMatchObject({ status: 'cancelled', orderId });
    expect(ask(early)).toEqual([]);
  });

  it('before anything was bought is the end of it', () => {
    expect(run(ask, unwanted)).toMatchObject({ status: 'cancelled' });
  });

  it('during a purchase waits for its outcome', () => {
    const torn = run(ask, begin, unwanted);
    expect(torn).toMatchObject({ status: 'asking', unwanted: true });
    expect(run(ask, begin, unwanted, told({ kind: 'retriable', error: 'e' }))).toMatchObject({
      status: 'cancelled',
    });
    expect(run(ask, begin, unwanted, told(bought))).toMatchObject({ status: 'voiding', booking });
  });

  it('of a booked shipment gives the label back first', () => {
    const voiding = run(ask, begin, told(bought), unwanted);
    expect(voiding).toMatchObject({ status: 'voiding', trackingNumber: '1Z' });
    expect(nextStep(voiding, T0)).toBe('void');
    expect(unwanted(voiding)).toEqual([]);
    const late = foldShipment(given({ kind: 'failed', error: 'e' })(voiding), voiding);
    expect(late).toMatchObject({ status: 'voiding', tries: 1, dueAt: after(2) });
    expect(foldShipment(given({ kind: 'voided' })(late), late)).toMatchObject({ status: 'cancelled' });
  });

  it('that the carrier refuses is not called done, and is tried again when it is asked for again', () => {
    const refused = run(ask, begin, told(bought), unwanted, given({ kind: 'refused', error: 'in_transit' }));
    expect(refused).toMatchObject({ status: 'void-refused', reason: 'in_transit', booking });
    expect(foldShipment(unwanted(refused), refused)).toMatchObject({ status: 'voiding', booking });
  });

  it('asked for again changes nothing', () => {
    const cancelled = run(ask, begin, told(bought), unwanted, given({ kind: 'voided' }));
    expect(unwanted(cancelled)).toEqual([]);
    expect(unwanted(booked())).toHaveLength(1);
  });
});

it('asks under a reference every carrier takes', () => {
  expect(referenceOf({ orderId, lost: 0 })).toHaveLength(34);
});

/** A carrier that sells, forgets to answer, loses labels, and takes them back; and the world around it. */
type Move =
  | { move: 'request' }
  | { move: 'cancel' }
  | { move: 'step'; answers: 'well' | 'busy' | 'lost-answer' | 'not-arrived' | 'no-label' | 'silent' };

const moves = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.record({ move: fc.constantFrom('request' as const, 'cancel' as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        move: fc.constant('step' as const),
        answers: fc.constantFrom(
          ...(['well', 'busy', 'lost-answer', 'not-arrived', 'no-label', 'silent'] as const),
        ),
      }),
    },
  ),
  { maxLength: 40 },
) as fc.Arbitrary<Move[]>;

it('holds one label at most, whatever is asked, lost, repeated or refused in whichever order', () => {
  fc.assert(
    fc.property(moves, (list) => {
      let shipment: Shipment = initialShipment;
      let sold = 0;
      /** Labels that cost money, by tracking number: the reference each was bought under. */
      const labels = new Map<string, string>();
      const apply = (events: ShipmentEvent[]) => {
        shipment = foldShipment(events, shipment);
      };
      const answer = (outcome: Outcome) => apply(settle(outcome, shipment, T0));
      const now = '2040-01-01T00:00:00.000Z';
      const buy = (answers: string, reference: string) => {
        apply(beginAttempt(shipment, T0));
        if (answers === 'busy') return answer({ kind: 'retriable', error: 'busy' });
        if (answers === 'not-arrived') return answer({ kind: 'unknown', error: 'silence' });
        sold += 1;
        const trackingNumber = `label-${sold}`;
        labels.set(trackingNumber, reference);
        if (answers === 'well') return answer({ kind: 'bought', booking: { ...booking, trackingNumber } });
        if (answers === 'no-label') return answer({ kind: 'lost', trackingNumber });
        return answer({ kind: 'unknown', error: 'silence' });
      };
      const enquire = (answers: string, reference: string) => {
        const [trackingNumber] = [...labels].find(([, under]) => under === reference) ?? [];
        if (answers === 'silent') return answer({ kind: 'unknown', error: 'silence' });
        if (trackingNumber === undefined) return answer({ kind: 'not_bought' });
        if (answers === 'no-label') return answer({ kind: 'lost', trackingNumber });
        return answer({ kind: 'bought', booking: { ...booking, trackingNumber } });
      };
      const giveBack = (answers: string, trackingNumber: string) => {
        if (answers === 'silent')
          return apply(settleVoid({ kind: 'failed', error: 'silence' }, shipment, T0));
        labels.delete(trackingNumber);
        return apply(settleVoid({ kind: 'voided' }, shipment, T0));
      };
      for (const each of list) {
        if (each.move === 'request') apply(request(wanted, shipment));
        else if (each.move === 'cancel') apply(cancel({ ...ids, at: T0 }, shipment));
        else if (shipment.status !== 'none') {
          const step = nextStep(shipment, now);
          if (step === 'buy') buy(each.answers, referenceOf(shipment));
          else if (step === 'enquire') enquire(each.answers, referenceOf(shipment));
          else if (shipment.status === 'voiding') giveBack(each.answers, shipment.trackingNumber);
        }
        expect(labels.size).toBeLessThanOrEqual(1);
        if (shipment.status === 'booked') {
          expect([...labels.keys()]).toEqual([shipment.booking.trackingNumber]);
        }
        if (shipment.status === 'failed') expect(labels.size).toBe(0);
      }
    }),
    { numRuns: 500 },
  );
});
