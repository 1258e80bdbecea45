import fc from 'fast-check';
import {
  beginAttempt,
  enquiryOutcome,
  MAX_ATTEMPTS,
  nextStep,
  type Outcome,
  settle,
  settleRefund,
  start,
} from './charging';
import { foldPayment, initialPayment, isAnswered, type PaymentEvent } from './payment';

const at = '2030-01-01T00:00:00.000Z';
const plus = (seconds: number) => new Date(Date.parse(at) + seconds * 1000).toISOString();
const command = {
  paymentId: 'p-1',
  orderId: 'o-1',
  customerId: 'c-1',
  amount: { amount: 1000, currency: 'EUR' },
  paymentMethod: 'pm_card_visa',
  gateway: 'stripe',
  at,
};
const started: PaymentEvent = { type: 'PaymentStarted', data: command };
const attempt = (n: number): PaymentEvent => ({ type: 'AttemptStarted', data: { attempt: n, at } });
const failed = (n: number): PaymentEvent => ({
  type: 'AttemptFailed',
  data: { attempt: n, error: 'busy', willRetry: true, retryAt: plus(2 ** n), at },
});
const given = (...events: PaymentEvent[]) => foldPayment(events);
const busy: Outcome = { kind: 'retriable', error: 'busy' };
const charged: Outcome = { kind: 'succeeded', transactionId: 'pi_1' };

describe('a payment', () => {
  it('is started once per order', () => {
    expect(start(command, initialPayment)).toEqual([started]);
    expect(start(command, given(started))).toEqual([]);
  });
  it('is charged at once when it has started', () => {
    expect(nextStep(given(started), at)).toEqual({ step: 'charge', attempt: 1 });
    expect(beginAttempt(given(started), at)).toEqual([attempt(1)]);
  });
  it('is never charged while the outcome of an attempt is open: the gateway is asked first', () => {
    const open = given(started, attempt(1));
    expect(nextStep(open, at)).toEqual({ step: 'enquire' });
    expect(beginAttempt(open, at)).toEqual([]);
  });
  it('succeeds', () => {
    expect(settle(charged, given(started, attempt(1)), 'attempt', at)).toEqual([
      { type: 'PaymentSucceeded', data: { transactionId: 'pi_1', source: 'attempt', attempt: 1, at } },
    ]);
  });
  it('is final when the card is declined', () => {
    const events = settle(
      { kind: 'declined', reason: 'card_declined' },
      given(started, attempt(1)),
      'attempt',
      at,
    );
    expect(events).toEqual([
      { type: 'PaymentDeclined', data: { reason: 'card_declined', source: 'attempt', attempt: 1, at } },
    ]);
    expect(nextStep(given(started, attempt(1), ...events), plus(1e6))).toEqual({ step: 'none' });
  });
  it('waits 2 seconds after the first and 4 after the second failure', () => {
    const first = settle(busy, given(started, attempt(1)), 'attempt', at);
    expect(first).toEqual([failed(1)]);
    expect(nextStep(given(started, attempt(1), ...first), plus(1))).toEqual({ step: 'wait', until: plus(2) });
    const second = settle(busy, given(started, attempt(1), failed(1), attempt(2)), 'attempt', at);
    expect(second).toEqual([failed(2)]);
    expect(nextStep(given(started, attempt(1), failed(1), attempt(2), ...second), plus(4))).toEqual({
      step: 'charge',
      attempt: 3,
    });
  });
  it('fails after the third failure', () => {
    const third = given(started, attempt(1), failed(1), attempt(2), failed(2), attempt(3));
    expect(settle(busy, third, 'attempt', at)).toEqual([
      { type: 'AttemptFailed', data: { attempt: 3, error: 'busy', willRetry: false, at } },
      { type: 'PaymentFailed', data: { reason: 'busy', attempts: 3, at } },
    ]);
  });
  it('does not try again what only a repair of our set-up can help', () => {
    const events = settle(
      { kind: 'misconfigured', error: 'bad key' },
      given(started, attempt(1)),
      'attempt',
      at,
    );
    expect(events.map(({ type }) => type)).toEqual(['AttemptFailed', 'PaymentFailed']);
  });
  it('asks, ever more slowly, as long as the outcome is unknown', () => {
    const lost: Outcome = { kind: 'unknown', error: 'timed out' };
    const once = settle(lost, given(started, attempt(1)), 'attempt', at);
    const payment = given(started, attempt(1), ...once);
    expect(once).toMatchObject([{ type: 'OutcomeUnknown', data: { askAt: plus(1), enquiries: 1 } }]);
    expect(settle(lost, payment, 'enquiry', at)).toMatchObject([{ data: { askAt: plus(2), enquiries: 2 } }]);
    expect(nextStep(payment, plus(1))).toEqual({ step: 'enquire' });
  });
  it('takes an enquiry that failed for still unknown, never for not charged', () => {
    expect(enquiryOutcome(busy).kind).toBe('unknown');
    expect(enquiryOutcome({ kind: 'misconfigured', error: 'bad key' }).kind).toBe('unknown');
    expect(enquiryOutcome({ kind: 'not_charged' }).kind).toBe('not_charged');
  });
  it('gives back a charge that shows up after the payment was called failed or declined', () => {
    for (const end of [
      { type: 'PaymentFailed', data: { reason: 'busy', attempts: 3, at } },
      { type: 'PaymentDeclined', data: { reason: 'card_declined', source: 'attempt', attempt: 1, at } },
    ] satisfies PaymentEvent[]) {
      const late = settle(charged, given(started, attempt(1), end), 'webhook', at);
      expect(late).toEqual([{ type: 'LateChargeFound', data: { transactionId: 'pi_1', at } }]);
      const refunding = given(started, attempt(1), end, ...late);
      expect(nextStep(refunding, at)).toEqual({ step: 'refund' });
      expect(settleRefund({ kind: 'failed', error: 'x' }, refunding, at)).toMatchObject([
        { type: 'RefundPostponed', data: { retryAt: plus(2) } },
      ]);
      const back = settleRefund({ kind: 'refunded', refundId: 're_1' }, refunding, at);
      expect(foldPayment(back, refunding).status).toBe('refunded');
    }
  });
});

/**
 * A gateway that keeps its word about idempotency keys, behind a network that loses requests and answers, and a service that may die between
 * any two steps. However they mix, the money is taken at most once, and what we say about it is what happened.
 */
const trouble = fc.constantFrom<
  | 'none'
  | 'busy'
  | 'requestLost'
  | 'answerLost'
  | 'crashBeforeCall'
  | 'crashAfterCall'
  | 'webhookEarly'
  | 'decline'
>(
  'none',
  'busy',
  'requestLost',
  'answerLost',
  'crashBeforeCall',
  'crashAfterCall',
  'webhookEarly',
  'decline',
);

describe('charging over a network that fails in every way', () => {
  it('takes the money at most once and says so truthfully', () => {
    fc.assert(
      fc.property(fc.array(trouble, { maxLength: 30 }), (troubles) => {
        const events: PaymentEvent[] = [started];
        let result: Outcome | undefined;
        let now = at;
        const record = (more: PaymentEvent[]) => events.push(...more);
        const gateway = (declines: boolean) => {
          result ??= declines ? { kind: 'declined', reason: 'card_declined' } : charged;
          return result;
        };
        for (let i = 0; i < 200 && !isAnswered(foldPayment(events)); i += 1) {
          const payment = foldPayment(events);
          const step = nextStep(payment, now);
          const what = troubles[i] ?? 'none';
          if (step.step === 'wait') now = step.until;
          if (step.step === 'charge') {
            record(beginAttempt(payment, now));
            if (what === 'crashBeforeCall') continue;
            if (what === 'busy') {
              record(settle(busy, foldPayment(events), 'attempt', now));
              continue;
            }
            if (what === 'requestLost') {
              record(settle({ kind: 'unknown', error: 'lost' }, foldPayment(events), 'attempt', now));
              continue;
            }
            const outcome = gateway(what === 'decline');
            if (what === 'crashAfterCall') continue;
            if (what === 'webhookEarly') record(settle(outcome, foldPayment(events), 'webhook', now));
            const seen: Outcome = what === 'answerLost' ? { kind: 'unknown', error: 'lost' } : outcome;
            record(settle(seen, foldPayment(events), 'attempt', now));
          }
          if (step.step === 'enquire') {
            const answered = what === 'none' || what === 'webhookEarly' || what === 'decline';
            const outcome: Outcome = answered ? (result ?? { kind: 'not_charged' }) : busy;
            record(settle(enquiryOutcome(outcome), foldPayment(events), 'enquiry', now));
          }
        }
        const payment = foldPayment(events);
        expect(payment.status).toBe(
          result?.kind === 'succeeded' ? 'succeeded' : result?.kind === 'declined' ? 'declined' : 'failed',
        );
        expect(events.filter(({ type }) => type === 'AttemptStarted').length).toBeLessThanOrEqual(
          MAX_ATTEMPTS,
        );
        expect(
          events.filter(({ type }) =>
            ['PaymentSucceeded', 'PaymentDeclined', 'PaymentFailed'].includes(type),
          ),
        ).toHaveLength(1);
      }),
      { numRuns: 1000 },
    );
  });
});
