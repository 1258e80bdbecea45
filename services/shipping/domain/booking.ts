import type { Booking, Choice, Shipment, ShipmentEvent } from './shipment';

/** What a carrier said, or failed to say, about buying a label. */
export type Outcome =
  | { kind: 'bought'; booking: Booking }
  /** Bought, and its label cannot be had. */
  | { kind: 'lost'; trackingNumber: string }
  /** Final: this address, parcel or service it will not take. */
  | { kind: 'rejected'; reason: string }
  /** Nothing was bought, and the next attempt may go better. */
  | { kind: 'retriable'; error: string }
  /** The request may have had its effect although we saw no answer. */
  | { kind: 'unknown'; error: string }
  /** Nothing was bought, and no attempt will go better until somebody repairs our set-up. */
  | { kind: 'misconfigured'; error: string }
  /** Asked, and certain: it sold us nothing under this reference. */
  | { kind: 'not_bought' };

export type VoidOutcome =
  | { kind: 'voided' }
  /** Final: it will not take the label back. */
  | { kind: 'refused'; error: string }
  | { kind: 'failed'; error: string };

export const MAX_ATTEMPTS = 5;
/** With the waits between them a little over four minutes. */
export const MAX_ENQUIRIES = 8;
/** What an order hears whose label may or may not have been bought. */
export const UNRESOLVED = 'label_unresolved';

const seconds = (at: string, add: number) => new Date(Date.parse(at) + add * 1000).toISOString();

export type NextStep = 'buy' | 'enquire' | 'void' | 'nothing';

/** What to do with a shipment now. After a crash in mid-call this is 'enquire': the intent stands in the events, its outcome does not. */
export const nextStep = (shipment: Shipment, now: string): NextStep => {
  if (!('dueAt' in shipment) || Date.parse(now) < Date.parse(shipment.dueAt)) return 'nothing';
  return ({ ready: 'buy', asking: 'enquire', voiding: 'void' } as const)[shipment.status];
};

export interface RequestShipment {
  shipmentId: string;
  orderId: string;
  customerId: string;
  quoteId: string;
  /** The quote, or why it cannot be used. */
  chosen: Choice | { problem: string };
  at: string;
}

/** A shipment is requested once per order, however often the order asks. */
export const request = ({ chosen, ...asked }: RequestShipment, shipment: Shipment): ShipmentEvent[] => {
  if (shipment.status !== 'none') return [];
  if (!('problem' in chosen)) return [{ type: 'ShipmentRequested', data: { ...asked, choice: chosen } }];
  return [
    { type: 'ShipmentRequested', data: asked },
    { type: 'ShipmentFailed', data: { reason: chosen.problem, attempts: 0, at: asked.at } },
  ];
};

/** Before anything was bought this is the end of it; afterwards the label is given back first. Remembered where it comes too early. */
export const cancel = (
  { shipmentId, orderId, at }: { shipmentId: string; orderId: string; at: string },
  shipment: Shipment,
): ShipmentEvent[] => {
  const requested: ShipmentEvent = { type: 'CancellationRequested', data: { shipmentId, orderId, at } };
  const cancelled: ShipmentEvent = { type: 'ShipmentCancelled', data: { at } };
  switch (shipment.status) {
    case 'cancelled':
      return [];
    case 'none':
    case 'booked':
    case 'void-refused':
      return [requested];
    case 'asking':
    case 'voiding':
      return shipment.unwanted ? [] : [requested];
    // Of a failed one nothing was bought. Of an unresolved one a label may exist, but nobody here can stick it on a parcel.
    case 'ready':
    case 'failed':
    case 'unresolved':
      return [requested, cancelled];
  }
};

export const beginAttempt = (shipment: Shipment, at: string): ShipmentEvent[] =>
  shipment.status === 'ready'
    ? [{ type: 'AttemptStarted', data: { attempt: shipment.attempt + 1, at } }]
    : [];

type Asking = Extract<Shipment, { status: 'asking' }>;

/** The end of an attempt that bought nothing; of the shipment too, where no other follows. */
const notBought = (
  shipment: Asking,
  { error, reason, again }: { error: string; reason: string; again: boolean },
  at: string,
): ShipmentEvent[] => {
  const { attempt, unwanted } = shipment;
  const willRetry = again && !unwanted && attempt < MAX_ATTEMPTS;
  const failed: ShipmentEvent = {
    type: 'AttemptFailed',
    data: { attempt, error, willRetry, ...(willRetry && { retryAt: seconds(at, 2 ** attempt) }), at },
  };
  if (willRetry) return [failed];
  if (unwanted) return [failed, { type: 'ShipmentCancelled', data: { at } }];
  return [failed, { type: 'ShipmentFailed', data: { reason, attempts: attempt, at } }];
};

/** Takes in what the carrier answered to an order of a label or to an enquiry. An answer nobody waits for changes nothing. */
export const settle = (outcome: Outcome, shipment: Shipment, at: string): ShipmentEvent[] => {
  if (shipment.status !== 'asking') return [];
  const { attempt, unwanted } = shipment;
  switch (outcome.kind) {
    case 'bought':
      return [{ type: 'LabelBought', data: { ...outcome.booking, attempt, at } }];
    case 'lost':
      return [{ type: 'LabelLost', data: { attempt, trackingNumber: outcome.trackingNumber, at } }];
    case 'rejected':
      return notBought(shipment, { error: outcome.reason, reason: outcome.reason, again: false }, at);
    case 'misconfigured':
      return notBought(shipment, { error: outcome.error, reason: 'carrier_misconfigured', again: false }, at);
    case 'retriable':
      return notBought(shipment, { error: outcome.error, reason: outcome.error, again: true }, at);
    case 'not_bought': {
      const error = 'no label found at the carrier';
      return notBought(shipment, { error, reason: 'carrier_unavailable', again: true }, at);
    }
    case 'unknown': {
      const enquiries = shipment.enquiries + 1;
      if (enquiries > MAX_ENQUIRIES) {
        const needed: ShipmentEvent = { type: 'PersonNeeded', data: { reason: outcome.error, at } };
        return unwanted ? [needed, { type: 'ShipmentCancelled', data: { at } }] : [needed];
      }
      const askAt = seconds(at, 2 ** (enquiries - 1));
      return [{ type: 'OutcomeUnknown', data: { attempt, error: outcome.error, askAt, enquiries, at } }];
    }
  }
};

/** What an enquiry that itself got no usable answer means: still unknown, never 'not bought'. */
export const enquiryOutcome = (outcome: Outcome): Outcome => {
  switch (outcome.kind) {
    case 'rejected':
      return { kind: 'unknown', error: outcome.reason };
    case 'retriable':
    case 'misconfigured':
      return { kind: 'unknown', error: outcome.error };
    default:
      return outcome;
  }
};

export const settleVoid = (outcome: VoidOutcome, shipment: Shipment, at: string): ShipmentEvent[] => {
  if (shipment.status !== 'voiding') return [];
  const { trackingNumber, unwanted, attempt } = shipment;
  switch (outcome.kind) {
    case 'voided': {
      const voided: ShipmentEvent = { type: 'LabelVoided', data: { trackingNumber, at } };
      if (unwanted) return [voided, { type: 'ShipmentCancelled', data: { at } }];
      if (attempt < MAX_ATTEMPTS) return [voided];
      return [voided, { type: 'ShipmentFailed', data: { reason: 'label_lost', attempts: attempt, at } }];
    }
    case 'refused': {
      const refused: ShipmentEvent = { type: 'VoidRefused', data: { error: outcome.error, at } };
      // A lost label that is not taken back must not be bought a second time.
      return unwanted ? [refused] : [refused, { type: 'PersonNeeded', data: { reason: outcome.error, at } }];
    }
    case 'failed': {
      const tries = shipment.tries + 1;
      const retryAt = seconds(at, Math.min(2 ** tries, 3600));
      return [{ type: 'VoidPostponed', data: { error: outcome.error, retryAt, tries, at } }];
    }
  }
};
