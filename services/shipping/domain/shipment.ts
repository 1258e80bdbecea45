import type { Money } from './money';

/** The offer a customer chose. */
export interface Choice {
  carrier: string;
  service: string;
  cost: Money;
  estimatedDelivery?: string;
}

/** What a carrier sold us. */
export interface Booking {
  /** Of the whole shipment; each parcel has one of its own on its label. */
  trackingNumber: string;
  /** What the carrier charges; what it had offered where it does not say. */
  cost: Money;
  /** YYYY-MM-DD; not every carrier says. */
  estimatedDelivery?: string;
  parcels: number;
}

/** Times are ISO 8601 in UTC; they come from outside, as ids do. */
export type ShipmentEvent =
  /** `choice` is missing where the quote is not one this order can use; the next event says why. */
  | {
      type: 'ShipmentRequested';
      data: {
        shipmentId: string;
        orderId: string;
        customerId: string;
        quoteId: string;
        choice?: Choice;
        at: string;
      };
    }
  /** Written before the carrier is called: from here on a label may have been bought. */
  | { type: 'AttemptStarted'; data: { attempt: number; at: string } }
  /** Known: nothing was bought. */
  | {
      type: 'AttemptFailed';
      data: { attempt: number; error: string; willRetry: boolean; retryAt?: string; at: string };
    }
  /** Bought or not, nobody knows; the carrier is to be asked before anything else. */
  | {
      type: 'OutcomeUnknown';
      data: { attempt: number; error: string; askAt: string; enquiries: number; at: string };
    }
  | { type: 'LabelBought'; data: Booking & { attempt: number; at: string } }
  /** Bought, and the label itself cannot be had: it is given back before another one is bought. */
  | { type: 'LabelLost'; data: { attempt: number; trackingNumber: string; at: string } }
  | { type: 'ShipmentFailed'; data: { reason: string; attempts: number; at: string } }
  /** The carrier does not say what became of an attempt. A second label must not be bought, so somebody has to look. */
  | { type: 'PersonNeeded'; data: { reason: string; at: string } }
  | { type: 'CancellationRequested'; data: { shipmentId: string; orderId: string; at: string } }
  | { type: 'VoidPostponed'; data: { error: string; retryAt: string; tries: number; at: string } }
  | { type: 'LabelVoided'; data: { trackingNumber: string; at: string } }
  /** The carrier will not take the label back: the parcel has left, or the time is over. */
  | { type: 'VoidRefused'; data: { error: string; at: string } }
  | { type: 'ShipmentCancelled'; data: { at: string } };

interface Known {
  shipmentId: string;
  orderId: string;
  customerId: string;
  quoteId: string;
  choice?: Choice;
  requestedAt: string;
  /** Attempts begun so far, and when the last of them was. */
  attempt: number;
  attemptedAt: string;
  /** Labels lost and given back so far; part of the reference, so that a lost one is never taken for the next. */
  lost: number;
  /** The order wants no shipment any more. */
  unwanted: boolean;
}

export type Shipment =
  | { status: 'none' }
  /** To be tried at `dueAt`. */
  | (Known & { status: 'ready'; dueAt: string })
  /** The carrier was (or may have been) called and the outcome is not recorded. Ask it at `dueAt`. */
  | (Known & { status: 'asking'; dueAt: string; enquiries: number })
  | (Known & { status: 'booked'; booking: Booking })
  /** A label is to be given back: a lost one before the next attempt, a bought one because the order is cancelled. */
  | (Known & { status: 'voiding'; trackingNumber: string; booking?: Booking; dueAt: string; tries: number })
  /** Booked, no longer wanted, and the carrier does not take it back. */
  | (Known & { status: 'void-refused'; booking?: Booking; trackingNumber: string; reason: string })
  | (Known & { status: 'failed'; reason: string })
  /** Failed as far as the order is concerned; a label may exist that a person has to look for. */
  | (Known & { status: 'unresolved'; reason: string })
  | (Known & { status: 'cancelled' });

export const initialShipment: Shipment = { status: 'none' };

const known = (shipment: Known): Known => ({
  shipmentId: shipment.shipmentId,
  orderId: shipment.orderId,
  customerId: shipment.customerId,
  quoteId: shipment.quoteId,
  ...(shipment.choice && { choice: shipment.choice }),
  requestedAt: shipment.requestedAt,
  attempt: shipment.attempt,
  attemptedAt: shipment.attemptedAt,
  lost: shipment.lost,
  unwanted: shipment.unwanted,
});

const voiding = (base: Known, trackingNumber: string, dueAt: string, booking?: Booking): Shipment => ({
  ...base,
  status: 'voiding',
  trackingNumber,
  ...(booking && { booking }),
  dueAt,
  tries: 0,
});

/** A cancellation that came before the request: all there is to know is the order. */
const unborn = ({ shipmentId, orderId, at }: { shipmentId: string; orderId: string; at: string }): Known => ({
  ...{ shipmentId, orderId, customerId: '', quoteId: '', requestedAt: at },
  ...{ attempt: 0, attemptedAt: at, lost: 0, unwanted: true },
});

export const evolve = (shipment: Shipment, event: ShipmentEvent): Shipment => {
  if (event.type === 'ShipmentRequested') {
    const { at, ...request } = event.data;
    const fresh = { ...request, requestedAt: at, attempt: 0, attemptedAt: at, lost: 0, unwanted: false };
    return { ...known(fresh), status: 'ready', dueAt: at };
  }
  if (shipment.status === 'none') {
    if (event.type !== 'CancellationRequested')
      throw new Error(`A shipment cannot begin with ${event.type}.`);
    return { ...unborn(event.data), status: 'cancelled' };
  }
  const base = known(shipment);
  const booking = 'booking' in shipment ? shipment.booking : undefined;
  switch (event.type) {
    case 'AttemptStarted': {
      const { attempt, at } = event.data;
      return { ...base, attempt, attemptedAt: at, status: 'asking', dueAt: at, enquiries: 0 };
    }
    case 'AttemptFailed':
      return { ...base, status: 'ready', dueAt: event.data.retryAt ?? event.data.at };
    case 'OutcomeUnknown':
      return { ...base, status: 'asking', dueAt: event.data.askAt, enquiries: event.data.enquiries };
    case 'LabelBought': {
      const { attempt: _, at, ...bought } = event.data;
      if (base.unwanted) return voiding(base, bought.trackingNumber, at, bought);
      return { ...base, status: 'booked', booking: bought };
    }
    case 'LabelLost':
      return voiding(base, event.data.trackingNumber, event.data.at);
    case 'ShipmentFailed':
      return { ...base, status: 'failed', reason: event.data.reason };
    case 'PersonNeeded':
      return { ...base, status: 'unresolved', reason: event.data.reason };
    case 'CancellationRequested': {
      const unwanted = { ...base, unwanted: true };
      if (shipment.status === 'booked') {
        return voiding(unwanted, shipment.booking.trackingNumber, event.data.at, shipment.booking);
      }
      if (shipment.status === 'void-refused')
        return voiding(unwanted, shipment.trackingNumber, event.data.at, booking);
      return { ...shipment, unwanted: true };
    }
    case 'VoidPostponed':
      if (shipment.status !== 'voiding') return shipment;
      return { ...shipment, dueAt: event.data.retryAt, tries: event.data.tries };
    case 'LabelVoided':
      return {
        ...base,
        lost: booking ? base.lost : base.lost + 1,
        status: 'ready',
        dueAt: event.data.at,
      };
    case 'VoidRefused': {
      const trackingNumber = 'trackingNumber' in shipment ? shipment.trackingNumber : '';
      return { ...base, status: 'void-refused', booking, trackingNumber, reason: event.data.error };
    }
    case 'ShipmentCancelled':
      return { ...base, status: 'cancelled' };
  }
};

export const foldShipment = (events: readonly ShipmentEvent[], from: Shipment = initialShipment): Shipment =>
  events.reduce(evolve, from);

/**
 * What the carrier keeps our label under, and is asked by: the same for all attempts, so that whatever got through first is the label.
 * At most 35 characters, the least any of the four takes.
 */
export const referenceOf = ({ orderId, lost }: { orderId: string; lost: number }): string =>
  `${orderId.replaceAll('-', '')}-${lost + 1}`;
