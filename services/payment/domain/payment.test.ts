import {
  beginAttempt,
  enquiryOutcome,
  inOrder,
  type Outcome,
  refuse,
  type StartPayment,
  settle,
  start,
} from './charging';
import { foldPayment, initialPayment, type PaymentEvent, refundable } from './payment';
import {
  nextStep,
  requestCapture,
  requestRefund,
  requestVoid,
  type Settled,
  settleCapture,
  settleLateCharge,
  settleRefund,
  settleVoid,
} from './settling';

const at = '2030-01-01T00:00:00.000Z';
const plus = (seconds: number) => new Date(Date.parse(at) + seconds * 1000).toISOString();
const ids = { paymentId: 'p-1', orderId: 'o-1' };
const card = { gateway: 'stripe', paymentMethod: 'pm_card_visa' };
const other = { gateway: 'square', paymentMethod: 'cnon:card-nonce-ok' };
const command: StartPayment = {
  ...ids,
  customerId: 'c-1',
  amount: { amount: 1000, currency: 'EUR' },
  capture: 'on_request',
  methods: [card],
  at,
};
const begun = (more: Partial<StartPayment> = {}): PaymentEvent =>
  start({ ...command, ...more }, initialPayment)[0]!;
const started = begun();
const withFallback = begun({ methods: [card, other] });
const attempt = (n: number): PaymentEvent => ({ type: 'AttemptStarted', data: { attempt: n, at } });
const failed = (n: number): PaymentEvent => ({
  type: 'AttemptFailed',
  data: { attempt: n, error: 'busy', willRetry: true, retryAt: plus(2 ** n), at },
});
const authorised: PaymentEvent = {
  type: 'PaymentAuthorised',
  data: { transactionId: 'pi_1', source: 'attempt', attempt: 1, at },
};
const captured: PaymentEvent = {
  type: 'PaymentCaptured',
  data: { transactionId: 'pi_1', source: 'attempt', at },
};
const asked: PaymentEvent = { type: 'CaptureRequested', data: { at } };
const off: PaymentEvent = { type: 'VoidRequested', data: { at } };
const given = (...events: PaymentEvent[]) => foldPayment(events);
const types = (events: PaymentEvent[]) => events.map(({ type }) => type);
const busy: Outcome = { kind: 'retriable', error: 'busy' };
const held: Outcome = { kind: 'authorised', transactionId: 'pi_1' };
const done: Settled = { kind: 'done', id: 'x_1' };
const told = (
  outcome: Outcome,
  gateway = 'stripe',
  source: 'attempt' | 'enquiry' | 'webhook' = 'attempt',
) => ({
  gateway,
  outcome,
  source,
});

describe('a payment', () => {
  it('is started once per order', () => {
    expect(types(start(command, initialPayment))).toEqual(['PaymentStarted']);
    expect(start(command, given(started))).toEqual([]);
  });
  it('is authorised first of all', () => {
    expect(nextStep(given(started), at)).toEqual({ step: 'charge' });
    expect(beginAttempt(given(started), at)).toEqual([attempt(1)]);
    const open = given(started, attempt(1));
    expect(settle(told(held), open, at)).toEqual([authorised]);
    expect(nextStep(given(started, attempt(1), authorised), plus(1e6))).toEqual({ step: 'none' });
  });
  it('is never charged while the outcome of an attempt is open: the gateway is asked first', () => {
    const open = given(started, attempt(1));
    expect(nextStep(open, at)).toEqual({ step: 'enquire' });
    expect(beginAttempt(open, at)).toEqual([]);
  });
  it('is final when the card is declined: no retry, no fallback', () => {
    const open = given(withFallback, attempt(1));
    const events = settle(told({ kind: 'declined', reason: 'card_declined' }), open, at);
    expect(events).toEqual([
      { type: 'PaymentDeclined', data: { reason: 'card_declined', source: 'attempt', attempt: 1, at } },
    ]);
    expect(nextStep(given(withFallback, attempt(1), ...events), plus(1e6))).toEqual({ step: 'none' });
  });
  it('waits 2 seconds after the first and 4 after the second failure', () => {
    const first = settle(told(busy), given(started, attempt(1)), at);
    expect(first).toEqual([failed(1)]);
    expect(nextStep(given(started, attempt(1), ...first), plus(1))).toEqual({ step: 'wait', until: plus(2) });
    const second = settle(told(busy), given(started, attempt(1), failed(1), attempt(2)), at);
    expect(second).toEqual([failed(2)]);
    expect(nextStep(given(started, attempt(1), failed(1), attempt(2), ...second), plus(4))).toEqual({
      step: 'charge',
    });
  });
  it('fails after the third failure where there is no fallback', () => {
    const third = given(started, attempt(1), failed(1), attempt(2), failed(2), attempt(3));
    expect(settle(told(busy), third, at)).toEqual([
      { type: 'AttemptFailed', data: { attempt: 3, error: 'busy', willRetry: false, at } },
      { type: 'PaymentFailed', data: { reason: 'busy', attempts: 3, at } },
    ]);
  });
  it('goes on at the fallback after the third failure, with its own token, and fails after three more', () => {
    const events: PaymentEvent[] = [withFallback, attempt(1), failed(1), attempt(2), failed(2), attempt(3)];
    events.push(...settle(told(busy), given(...events), at));
    expect(types(events.slice(-2))).toEqual(['AttemptFailed', 'GatewayChanged']);
    expect(given(...events)).toMatchObject({ status: 'ready', ...other, attempt: 0 });
    expect(nextStep(given(...events), at)).toEqual({ step: 'charge' });
    events.push(attempt(1), failed(1), attempt(2), failed(2), attempt(3));
    expect(settle(told(busy, 'square'), given(...events), at).at(-1)).toEqual({
      type: 'PaymentFailed',
      data: { reason: 'busy', attempts: 6, at },
    });
  });
  it('does not try again what only a repair of our set-up can help, but the fallback', () => {
    const wrong: Outcome = { kind: 'misconfigured', error: 'bad key' };
    expect(types(settle(told(wrong), given(started, attempt(1)), at))).toEqual([
      'AttemptFailed',
      'PaymentFailed',
    ]);
    expect(types(settle(told(wrong), given(withFallback, attempt(1)), at))).toEqual([
      'AttemptFailed',
      'GatewayChanged',
    ]);
  });
  it('asks, ever more slowly, as long as the outcome is unknown, and stays where it is', () => {
    const lost: Outcome = { kind: 'unknown', error: 'timed out' };
    const once = settle(told(lost), given(withFallback, attempt(3)), at);
    const payment = given(withFallback, attempt(3), ...once);
    expect(once).toMatchObject([{ type: 'OutcomeUnknown', data: { askAt: plus(1), enquiries: 1 } }]);
    expect(settle(told(lost), payment, at)).toMatchObject([{ data: { askAt: plus(2), enquiries: 2 } }]);
    expect(nextStep(payment, plus(1))).toEqual({ step: 'enquire' });
  });
  it('takes an enquiry that failed for still unknown, never for not charged', () => {
    expect(enquiryOutcome(busy).kind).toBe('unknown');
    expect(enquiryOutcome({ kind: 'misconfigured', error: 'bad key' }).kind).toBe('unknown');
    expect(enquiryOutcome({ kind: 'not_charged' }).kind).toBe('not_charged');
  });
  it('starts where the gateway is not left out, unless both are', () => {
    const out = (...names: string[]) => inOrder([card, other], (name) => names.includes(name));
    expect([out(), out('square'), out('stripe'), out('stripe', 'square')]).toEqual([
      [card, other],
      [card, other],
      [other, card],
      [card, other],
    ]);
    expect(inOrder([card], () => true)).toEqual([card]);
  });
  it('can be refused without asking anybody', () => {
    const events = refuse(command, 'card_number_refused', initialPayment);
    expect(given(...events)).toMatchObject({ status: 'declined', reason: 'card_number_refused' });
    expect(refuse(command, 'card_number_refused', given(started))).toEqual([]);
  });
});

describe('an authorisation', () => {
  const payment = given(started, attempt(1), authorised);
  it('is captured when the order asks, once', () => {
    expect(requestCapture(payment, at)).toEqual([asked]);
    const wanted = given(started, attempt(1), authorised, asked);
    expect(requestCapture(wanted, at)).toEqual([]);
    expect(nextStep(wanted, at)).toEqual({ step: 'capture' });
    expect(settleCapture({ kind: 'done', id: 'pi_1' }, wanted, at)).toEqual([captured]);
  });
  it('is captured without being asked where order and payment agreed on that', () => {
    const sale = given(begun({ capture: 'at_once' }), attempt(1), authorised);
    expect(nextStep(sale, at)).toEqual({ step: 'capture' });
  });
  it('is tried ever more slowly until it is settled', () => {
    const wanted = given(started, attempt(1), authorised, asked);
    const again = settleCapture({ kind: 'failed', error: 'busy' }, wanted, at);
    expect(again).toMatchObject([{ type: 'SettlementPostponed', data: { retryAt: plus(2), tries: 1 } }]);
    expect(nextStep(given(started, attempt(1), authorised, asked, ...again), plus(2))).toEqual({
      step: 'capture',
    });
  });
  it('that cannot be captured waits to be called off, and is called off at once where nobody will ask', () => {
    const refused: Settled = { kind: 'refused', reason: 'authorisation_expired' };
    const wanted = given(started, attempt(1), authorised, asked);
    const events = settleCapture(refused, wanted, at);
    expect(types(events)).toEqual(['CaptureFailed']);
    const left = given(started, attempt(1), authorised, asked, ...events);
    expect([nextStep(left, at), requestCapture(left, at)]).toEqual([{ step: 'none' }, []]);
    const sale = given(begun({ capture: 'at_once' }), attempt(1), authorised);
    expect(types(settleCapture(refused, sale, at))).toEqual(['CaptureFailed', 'VoidRequested']);
  });
  it('is voided when the order asks', () => {
    expect(requestVoid(ids, payment, at)).toEqual([off]);
    const wanted = given(started, attempt(1), authorised, off);
    expect(nextStep(wanted, at)).toEqual({ step: 'void' });
    expect(settleVoid(done, wanted, at)).toEqual([{ type: 'PaymentVoided', data: { at } }]);
    expect(requestCapture(wanted, at)).toEqual([]);
  });
  it('is given back when it was captured before it could be voided', () => {
    const wanted = given(started, attempt(1), authorised, asked, off);
    for (const events of [
      settleVoid({ kind: 'captured', id: 'pi_1' }, wanted, at),
      settleCapture({ kind: 'done', id: 'pi_1' }, wanted, at),
      settle(told({ kind: 'captured', transactionId: 'pi_1' }, 'stripe', 'webhook'), wanted, at),
    ]) {
      expect(events).toMatchObject([
        { type: 'PaymentCaptured' },
        { type: 'RefundRequested', data: { refundId: 'p-1', amount: { amount: 1000 } } },
      ]);
    }
  });
  it('that the gateway gave up is voided', () => {
    const gone = told({ kind: 'voided', transactionId: 'pi_1' }, 'stripe', 'webhook');
    expect(types(settle(gone, payment, at))).toEqual(['PaymentVoided']);
    const elses = told({ kind: 'voided', transactionId: 'pi_2' }, 'stripe', 'webhook');
    expect(settle(elses, payment, at)).toEqual([]);
  });
});

describe('a payment that is called off', () => {
  it('before it was asked for never begins', () => {
    const [event] = requestVoid(ids, initialPayment, at);
    const forestalled = given(event!);
    expect(forestalled).toEqual({ status: 'forestalled', ...ids });
    expect([start(command, forestalled), requestCapture(forestalled, at)]).toEqual([[], []]);
    expect(requestVoid(ids, forestalled, at)).toEqual([]);
  });
  it('while it waits for its next attempt is over', () => {
    const waiting = given(started, attempt(1), failed(1));
    expect(types(requestVoid(ids, waiting, at))).toEqual(['VoidRequested', 'PaymentVoided']);
  });
  it('while the gateway is asked is over as soon as it is known', () => {
    const open = given(withFallback, attempt(1), off);
    expect(requestVoid(ids, open, at)).toEqual([]);
    expect(types(settle(told(busy), open, at))).toEqual(['AttemptFailed', 'PaymentVoided']);
    const taken = given(withFallback, attempt(1), off, ...settle(told(held), open, at));
    expect(nextStep(taken, at)).toEqual({ step: 'void' });
  });
  it('after it was captured is given back, but for what was given back before', () => {
    const some: PaymentEvent = {
      type: 'RefundRequested',
      data: { refundId: 'r-1', amount: { amount: 400, currency: 'EUR' }, at },
    };
    const taken = given(started, attempt(1), authorised, asked, captured, some);
    expect(requestVoid(ids, taken, at)).toMatchObject([
      { type: 'VoidRequested' },
      { type: 'RefundRequested', data: { amount: { amount: 600, currency: 'EUR' } } },
    ]);
  });
});

describe('a refund', () => {
  const taken = [started, attempt(1), authorised, asked, captured];
  const eur = (amount: number) => ({ amount, currency: 'EUR' });
  const refund = (refundId: string, amount?: number) => ({
    refundId,
    ...(amount && { amount: eur(amount) }),
    at,
  });
  it('may be in part, and several, up to what was taken', () => {
    const events = [...taken];
    for (const request of [refund('r-1', 300), refund('r-2', 200)]) {
      events.push(...(requestRefund(request, given(...events)) as PaymentEvent[]));
    }
    expect(refundable(given(...events))).toBe(500);
    expect(requestRefund(refund('r-3', 501), given(...events))).toBe('too_much');
    expect(requestRefund(refund('r-3'), given(...events))).toMatchObject([{ data: { amount: eur(500) } }]);
  });
  it('is the same when it is asked for again', () => {
    const events = [...taken, ...(requestRefund(refund('r-1', 300), given(...taken)) as PaymentEvent[])];
    expect(requestRefund(refund('r-1', 300), given(...events))).toEqual([]);
    expect(requestRefund(refund('r-1', 301), given(...events))).toBe('other_amount');
  });
  it('needs money that was taken, in its currency', () => {
    expect(requestRefund(refund('r-1', 1), given(started, attempt(1), authorised))).toBe('not_captured');
    const dollars = { refundId: 'r-1', amount: { amount: 1, currency: 'USD' }, at };
    expect(requestRefund(dollars, given(...taken))).toBe('wrong_currency');
  });
  it('is tried until it is done or refused; what is refused can be asked for anew', () => {
    const events = [...taken, ...(requestRefund(refund('r-1'), given(...taken)) as PaymentEvent[])];
    const payment = given(...events);
    expect(nextStep(payment, at)).toMatchObject({ step: 'refund', refund: { refundId: 'r-1', tries: 0 } });
    const later = settleRefund('r-1', { kind: 'failed', error: 'busy' }, payment, at);
    expect(nextStep(given(...events, ...later), at)).toEqual({ step: 'wait', until: plus(2) });
    const back = given(...events, ...settleRefund('r-1', done, payment, at));
    expect([nextStep(back, at), refundable(back)]).toEqual([{ step: 'none' }, 0]);
    expect(settleRefund('r-1', done, back, at)).toEqual([]);
    const no = settleRefund('r-1', { kind: 'refused', reason: 'too old' }, payment, at);
    expect(refundable(given(...events, ...no))).toBe(1000);
  });
});

describe('money that a gateway holds although the payment does not want it', () => {
  const end: PaymentEvent[] = [
    started,
    attempt(1),
    { type: 'PaymentFailed', data: { reason: 'busy', attempts: 3, at } },
  ];
  it('is voided', () => {
    const late = settle(told(held, 'stripe', 'webhook'), given(...end), at);
    expect(late).toMatchObject([{ type: 'LateChargeFound', data: { captured: false } }]);
    const payment = given(...end, ...late);
    expect(settle(told(held, 'stripe', 'webhook'), payment, at)).toEqual([]);
    expect(nextStep(payment, at)).toEqual({ step: 'void late charge', transactionId: 'pi_1' });
    expect(settleLateCharge('pi_1', { kind: 'failed', error: 'busy' }, payment, at)).toMatchObject([
      { type: 'RefundPostponed', data: { retryAt: plus(2) } },
    ]);
    expect(types(settleLateCharge('pi_1', done, payment, at))).toEqual(['LateChargeVoided']);
  });
  it('is refunded when it turns out to be taken', () => {
    const late = settle(told(held, 'stripe', 'webhook'), given(...end), at);
    const found = settleLateCharge('pi_1', { kind: 'captured', id: 'cap_1' }, given(...end, ...late), at);
    const payment = given(...end, ...late, ...found);
    expect(payment).toMatchObject({ lateCharges: [{ transactionId: 'pi_1', chargeId: 'cap_1' }] });
    expect(nextStep(payment, at)).toEqual({ step: 'refund late charge', transactionId: 'pi_1' });
    const already: Settled = { kind: 'refused', reason: 'already_refunded' };
    for (const result of [done, already]) {
      expect(types(settleLateCharge('pi_1', result, payment, at))).toEqual(['LateChargeRefunded']);
    }
  });
  it('may be at the gateway that was left for the fallback, which keeps its own', () => {
    const changed: PaymentEvent = { type: 'GatewayChanged', data: { gateway: 'square', reason: 'busy', at } };
    const events = [withFallback, attempt(3), changed, attempt(1)];
    const late = settle(told(held, 'stripe', 'webhook'), given(...events), at);
    expect(late).toMatchObject([{ type: 'LateChargeFound', data: { gateway: 'stripe' } }]);
    const mine: Outcome = { kind: 'authorised', transactionId: 'sq_1' };
    expect(types(settle(told(mine, 'square'), given(...events, ...late), at))).toEqual(['PaymentAuthorised']);
  });
  it('is not what was called off before, however late that is told', () => {
    const over = given(started, attempt(1), authorised, off, { type: 'PaymentVoided', data: { at } });
    expect(settle(told(held, 'stripe', 'webhook'), over, at)).toEqual([]);
  });
});

describe('what was stored before there were authorisations', () => {
  const old = (...events: PaymentEvent[]): PaymentEvent[] => [
    {
      type: 'PaymentStarted',
      data: { ...ids, customerId: 'c-1', amount: command.amount, ...card, at },
    },
    attempt(1),
    ...events,
  ];
  it('is a payment that was taken at once, and can be refunded', () => {
    const payment = given(
      ...old({
        type: 'PaymentSucceeded',
        data: { transactionId: 'pi_1', source: 'attempt', attempt: 1, at },
      }),
    );
    expect(payment).toMatchObject({ status: 'captured', transactionId: 'pi_1', capture: 'at_once' });
    expect([nextStep(payment, at), refundable(payment)]).toEqual([{ step: 'none' }, 1000]);
  });
  it('is asked about, and found to be taken', () => {
    const found = told({ kind: 'captured', transactionId: 'pi_1' }, 'stripe', 'enquiry');
    expect(types(settle(found, given(...old()), at))).toEqual(['PaymentAuthorised', 'PaymentCaptured']);
  });
  it('is given back when it was charged late', () => {
    const events = old(
      { type: 'PaymentDeclined', data: { reason: 'card_declined', source: 'attempt', attempt: 1, at } },
      { type: 'LateChargeFound', data: { transactionId: 'pi_1', at } },
      { type: 'RefundPostponed', data: { error: 'busy', retryAt: plus(2), tries: 1, at } },
    );
    expect(nextStep(given(...events), plus(2))).toEqual({
      step: 'refund late charge',
      transactionId: 'pi_1',
    });
    const refunded: PaymentEvent = {
      type: 'LateChargeRefunded',
      data: { transactionId: 'pi_1', refundId: 're_1', at },
    };
    expect(nextStep(given(...events, refunded), plus(1e6))).toEqual({ step: 'none' });
  });
});
