// One payment over a network that fails as told, with gateways that keep their word about idempotency. For tests only.
import { beginAttempt, enquiryOutcome, type Outcome, settle, start } from './charging';
import { foldPayment, initialPayment, isKnown, type Payment, type PaymentEvent } from './payment';
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

const AMOUNT = 1000;
const ids = { paymentId: 'p-1', orderId: 'o-1' };
const eur = (amount: number) => ({ amount, currency: 'EUR' });

/** A gateway that keeps its word about idempotency: one authorisation per payment, one effect per operation. */
class Gateway {
  status: 'none' | 'declined' | 'authorised' | 'captured' | 'voided' = 'none';
  readonly refunds = new Map<string, number>();
  readonly authorisationId: string;
  readonly captureId: string;
  constructor(readonly name: string) {
    this.authorisationId = `${name}-auth`;
    this.captureId = `${name}-cap`;
  }
  /** What it has of the customer's money. */
  get taken(): number {
    return this.status === 'captured' ? AMOUNT - [...this.refunds.values()].reduce((a, b) => a + b, 0) : 0;
  }
  get holds(): boolean {
    return this.status === 'authorised' || this.taken > 0;
  }
  authorise(declines: boolean): Outcome {
    if (this.status === 'none') this.status = declines ? 'declined' : 'authorised';
    return this.tell();
  }
  tell(): Outcome {
    const { authorisationId, captureId } = this;
    switch (this.status) {
      case 'none':
        return { kind: 'not_charged' };
      case 'declined':
        return { kind: 'declined', reason: 'card_declined' };
      case 'captured':
        return { kind: 'captured', transactionId: captureId, authorisationId };
      default:
        return { kind: this.status, transactionId: authorisationId };
    }
  }
  capture(): Settled {
    if (this.status === 'authorised') this.status = 'captured';
    return this.status === 'captured'
      ? { kind: 'done', id: this.captureId }
      : { kind: 'refused', reason: 'authorisation_expired' };
  }
  void(): Settled {
    if (this.status === 'authorised') this.status = 'voided';
    return this.status === 'captured'
      ? { kind: 'captured', id: this.captureId }
      : { kind: 'done', id: this.authorisationId };
  }
  refund(key: string, amount: number): Settled {
    if (!this.refunds.has(key)) {
      if (amount > this.taken) return { kind: 'refused', reason: 'already_refunded' };
      this.refunds.set(key, amount);
    }
    return { kind: 'done', id: `${this.name}-${key}` };
  }
}

export const TROUBLES = [
  'none',
  'none',
  'none',
  'busy',
  'misconfigured',
  'requestLost',
  'answerLost',
  'crashBeforeCall',
  'crashAfterCall',
  'webhook',
  'decline',
  /** The gateway says it knows nothing, although it does: what must never be, and yet must cost nobody money. */
  'lie',
  'askCapture',
  'askVoid',
  'askRefund',
  'expire',
  /** Somebody takes the money at the gateway's own desk. */
  'captureByHand',
] as const;
export type Trouble = (typeof TROUBLES)[number];

interface Play {
  events: PaymentEvent[];
  gateways: Gateway[];
  /** Most gateways that held the customer's money at the same time. */
  mostHolding: number;
}

/** One payment over a network that fails as the script says, in a service that may die between any two steps; in the end all heals. */
export const play = (
  script: readonly Trouble[],
  capture: 'at_once' | 'on_request',
  withFallback: boolean,
): Play => {
  const gateways = [new Gateway('stripe'), ...(withFallback ? [new Gateway('square')] : [])];
  const methods = gateways.map(({ name }) => ({ gateway: name, paymentMethod: `token at ${name}` }));
  let now = '2030-01-01T00:00:00.000Z';
  const events: PaymentEvent[] = [];
  let mostHolding = 0;
  let refundsAsked = 0;
  let state: Payment = initialPayment;
  const payment = () => state;
  const record = (more: PaymentEvent[]) => {
    events.push(...more);
    state = foldPayment(more, state);
  };
  const at = (name: string) => gateways.find((gateway) => gateway.name === name) as Gateway;
  record(
    start({ ...ids, customerId: 'c-1', amount: eur(AMOUNT), capture, methods, at: now }, initialPayment),
  );

  /** What is seen of a call that does `effect` at the gateway; undefined after a crash. */
  const call = <T>(trouble: Trouble, effect: () => T, notSent: T, lost: T): T | undefined => {
    if (trouble === 'crashBeforeCall') return undefined;
    if (trouble === 'busy') return notSent;
    if (trouble === 'requestLost') return lost;
    const answer = effect();
    if (trouble === 'crashAfterCall') return undefined;
    return trouble === 'answerLost' ? lost : answer;
  };

  const work = (trouble: Trouble) => {
    const current = payment();
    if (!isKnown(current)) return;
    const step = nextStep(current, now);
    const own = at(current.gateway);
    const lost: Settled = { kind: 'failed', error: 'lost' };
    switch (step.step) {
      case 'wait':
        now = step.until;
        return;
      case 'charge': {
        record(beginAttempt(current, now));
        const unknown: Outcome = { kind: 'unknown', error: 'lost' };
        const seen =
          trouble === 'misconfigured'
            ? ({ kind: 'misconfigured', error: 'bad key' } as const)
            : call<Outcome>(
                trouble,
                () => own.authorise(trouble === 'decline'),
                { kind: 'retriable', error: 'busy' },
                unknown,
              );
        if (seen) record(settle({ gateway: own.name, outcome: seen, source: 'attempt' }, payment(), now));
        return;
      }
      case 'enquire': {
        const unknown: Outcome = { kind: 'unknown', error: 'lost' };
        const seen = call<Outcome>(
          trouble,
          () => (trouble === 'lie' ? { kind: 'not_charged' } : own.tell()),
          { kind: 'retriable', error: 'busy' },
          unknown,
        );
        if (seen) {
          const outcome = enquiryOutcome(seen);
          record(settle({ gateway: own.name, outcome, source: 'enquiry' }, payment(), now));
        }
        return;
      }
      case 'capture':
      case 'void': {
        const seen = call(trouble, () => own[step.step as 'capture'](), lost, lost);
        const settleIt = step.step === 'capture' ? settleCapture : settleVoid;
        if (seen) record(settleIt(seen, payment(), now));
        return;
      }
      case 'refund': {
        const { refundId, amount } = step.refund;
        const seen = call(trouble, () => own.refund(refundId, amount.amount), lost, lost);
        if (seen) record(settleRefund(refundId, seen, payment(), now));
        return;
      }
      case 'void late charge':
      case 'refund late charge': {
        const { transactionId } = step;
        const holder = at(current.lateCharges.find((one) => one.transactionId === transactionId)!.gateway);
        const seen = call(
          trouble,
          () => (step.step === 'void late charge' ? holder.void() : holder.refund('late', AMOUNT)),
          lost,
          lost,
        );
        if (seen) record(settleLateCharge(transactionId, seen, payment(), now));
      }
    }
  };

  const tellAll = () => {
    for (const gateway of gateways) {
      record(settle({ gateway: gateway.name, outcome: gateway.tell(), source: 'webhook' }, payment(), now));
    }
  };

  const act = (trouble: Trouble) => {
    switch (trouble) {
      case 'webhook':
        return tellAll();
      case 'askCapture':
        return record(requestCapture(payment(), now));
      case 'askVoid':
        return record(requestVoid(ids, payment(), now));
      case 'expire': {
        const held = gateways.find(({ status }) => status === 'authorised');
        if (held) held.status = 'voided';
        return;
      }
      case 'captureByHand':
        for (const gateway of gateways) gateway.capture();
        return;
      case 'askRefund': {
        refundsAsked += 1;
        const request = { refundId: `r-${refundsAsked}`, amount: eur(300 * refundsAsked), at: now };
        const asked = requestRefund(request, payment());
        return record(typeof asked === 'string' ? [] : asked);
      }
      default:
        return work(trouble);
    }
  };

  const step = (trouble: Trouble) => {
    act(trouble);
    mostHolding = Math.max(mostHolding, gateways.filter(({ holds }) => holds).length);
  };
  for (const trouble of script) step(trouble);
  // All heals; what the gateways have to tell arrives at last.
  for (let i = 0; i < 40; i += 1) step(i % 10 === 9 ? 'webhook' : 'none');
  return { events, gateways, mostHolding };
};
