import type { PoolClient } from '@platform/libs/postgres';
import type { Address } from '../domain/address';
import type { Outcome, VoidOutcome } from '../domain/booking';
import type { Money } from '../domain/money';
import type { Item, Parcel, ParcelLimits } from '../domain/packing';
import type { Quote, QuoteGroup } from '../domain/quotes';
import type { Shipment, ShipmentEvent } from '../domain/shipment';
import type { TrackingEvent, TrackingStatus } from '../domain/tracking';

/** An open database transaction. Whoever opened it commits it. */
export type Transaction = PoolClient;

export interface Clock {
  /** ISO 8601 in UTC. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };

/** What goes from where to where. */
export interface Consignment {
  from: Address;
  to: Address;
  parcels: Parcel[];
  /** YYYY-MM-DD. */
  shipDate: string;
}

export interface Offer {
  service: string;
  serviceName: string;
  cost: Money;
  estimatedDelivery?: string;
}

/** Short codes only: a carrier's own words may hold an address. */
export type QuoteOutcome =
  | { kind: 'offered'; offers: Offer[] }
  | { kind: 'rejected'; reason: string }
  | { kind: 'retriable'; error: string }
  | { kind: 'misconfigured'; error: string };

export interface Label {
  /** From 1. */
  parcel: number;
  trackingNumber: string;
  /** 'application/pdf' */
  mediaType: string;
  bytes: Buffer;
}

/** Labels come with the purchase, or with the enquiry that finds it. */
export type LabelOutcome =
  | Exclude<Outcome, { kind: 'bought' }>
  | (Outcome & { kind: 'bought'; labels: Label[] });

export interface Enquiry {
  reference: string;
  /** When the shipment was asked for, and when the last attempt to buy it began. */
  since: string;
  attemptedAt: string;
  /** What was asked for, in case the carrier does not repeat it. */
  cost: Money;
  estimatedDelivery?: string;
}

export type TrackingOutcome =
  | { kind: 'tracked'; events: TrackingEvent[] }
  /** It knows the number not (yet). */
  | { kind: 'not_found' }
  | { kind: 'failed'; error: string };

/** A carrier. Its methods never throw: whatever goes wrong is an outcome. */
export interface Carrier {
  name: string;
  limits: ParcelLimits;
  quote(consignment: Consignment): Promise<QuoteOutcome>;
  /** Buys the labels of a consignment. */
  buy(
    request: Consignment & Omit<Enquiry, 'since' | 'attemptedAt'> & { service: string },
  ): Promise<LabelOutcome>;
  /** Asks what became of a purchase. 'not_bought' only where that is certain. */
  enquire(request: Enquiry): Promise<LabelOutcome>;
  /** Gives the label back, once, however often it is called. */
  void(request: { trackingNumber: string; reference: string }): Promise<VoidOutcome>;
  track(trackingNumber: string): Promise<TrackingOutcome>;
}

/** No carrier of this name is set up here. */
export class UnknownCarrier extends Error {
  readonly code = 'UNKNOWN_CARRIER';
  readonly retriable = false;
  readonly hint: string;
  constructor(name: string, known: readonly string[]) {
    super(`There is no carrier '${name}'`);
    this.name = 'UnknownCarrier';
    this.hint = `Set up here: ${known.join(', ') || 'none'}. A carrier is set up by its credentials (see services/README.md).`;
  }
}

export interface Carriers {
  all: readonly Carrier[];
  /** @throws UnknownCarrier */
  named(name: string): Carrier;
}

export const carriersOf = (all: readonly Carrier[]): Carriers => ({
  all,
  named(name) {
    const found = all.find((carrier) => carrier.name === name);
    if (!found) {
      throw new UnknownCarrier(
        name,
        all.map((carrier) => carrier.name),
      );
    }
    return found;
  },
});

/** A carrier that made no offer, and why. */
export interface CarrierFailure {
  carrier: string;
  reason: string;
  /** Whether the same request may get an offer later. */
  retriable: boolean;
}

/** What was asked, and all that was offered. */
export interface QuoteRequest {
  id: string;
  customerId: string;
  address: Address;
  items: Item[];
}

/** What a customer sees of it. */
export interface QuotesView {
  id: string;
  groups: QuoteGroup[];
  failures: CarrierFailure[];
  /** ISO 8601. */
  validUntil: string;
  createdAt: string;
}

/** The first answer to an Idempotency-Key, to be given again. */
export interface Quotation {
  request: QuoteRequest;
  key: string;
  /** Of what was asked; another request under the same key is an error. */
  requestHash: string;
  answer: QuotesView;
}

/** A quote with what it was made for, and what was offered beside it. */
export interface QuotedShipment extends Pick<Quotation, 'request' | 'answer'> {
  quote: Quote;
}

export interface QuoteStore {
  findByKey(customerId: string, key: string): Promise<Quotation | undefined>;
  /** @returns the one that stands: another one if the key was taken meanwhile. */
  save(quotation: Quotation, quotes: Quote[]): Promise<Quotation>;
  find(requestId: string, customerId: string): Promise<Quotation | undefined>;
  /** Of whichever customer; whoever asks compares. */
  findQuote(quoteId: string, transaction?: Transaction): Promise<QuotedShipment | undefined>;
  /** Forgets requests that no shipment came of and that are no good since `before`. @returns how many. */
  prune(before: string): Promise<number>;
}

/** Nothing can be sent there from here. */
export class DestinationNotServed extends Error {
  readonly code = 'DESTINATION_NOT_SERVED';
  readonly retriable = false;
  constructor(readonly country: string) {
    super(`Parcels to ${country} need a customs declaration, which is not made here`);
    this.name = 'DestinationNotServed';
  }
}

export interface TrackingView {
  status: TrackingStatus;
  at: string;
}

/** What a customer sees of a shipment. */
export interface ShipmentView {
  id: string;
  orderId: string;
  status: 'requested' | 'booked' | 'failed' | 'cancelled';
  carrier?: string;
  service?: string;
  cost?: Money;
  trackingNumber?: string;
  estimatedDelivery?: string;
  parcels?: number;
  reason?: string;
  tracking?: TrackingView;
  /** ISO 8601. */
  createdAt: string;
  updatedAt: string;
}

export interface Change {
  before: Shipment;
  after: Shipment;
  events: ShipmentEvent[];
}

export interface ShipmentStore {
  load(shipmentId: string): Promise<Shipment>;
  /**
   * Loads, decides, and stores events, view, labels and the answer to the order in one transaction: in `transaction`, or in one of its
   * own. `labels` are kept where the decision is that they were bought.
   * @throws ConcurrencyConflict (retriable) when the shipment was changed meanwhile.
   */
  change(
    shipmentId: string,
    decide: (shipment: Shipment) => ShipmentEvent[],
    more?: { transaction?: Transaction; labels?: Label[] },
  ): Promise<Change>;
  /** Tells the order again how its shipment stands. */
  answerAgain(shipment: Shipment, at: string, transaction: Transaction): Promise<void>;
  /** Takes up to `limit` shipments that have something to do, for oneself until `leaseUntil`. */
  claimDue(now: string, leaseUntil: string, limit: number): Promise<string[]>;
  release(shipmentId: string): Promise<void>;
  /** How many need a person: a label may exist, or is not taken back. */
  countUnresolved(): Promise<number>;
  find(shipmentId: string, customerId: string): Promise<ShipmentView | undefined>;
  findByOrder(orderId: string, customerId: string): Promise<ShipmentView | undefined>;
  findLabel(shipmentId: string, parcel: number, customerId: string): Promise<Label | undefined>;
}

/** A shipment on its way, as tracking knows it. */
export interface Tracked {
  shipmentId: string;
  orderId: string;
  carrier: string;
  trackingNumber: string;
  status: TrackingStatus;
  /** Looks in a row that brought nothing. */
  quiet: number;
  /** When something last was new. */
  since: string;
  events: TrackingEvent[];
}

export interface TrackingStore {
  load(shipmentId: string): Promise<Tracked | undefined>;
  /** Stores what is new, the messages about it and the time of the next look, in one transaction; the same again adds nothing. */
  record(
    shipmentId: string,
    news: { added: TrackingEvent[]; changes: TrackingEvent[]; status: TrackingStatus; at: string },
    next: string | undefined,
  ): Promise<void>;
  claimDue(now: string, leaseUntil: string, limit: number): Promise<string[]>;
  release(shipmentId: string): Promise<void>;
  /** Oldest first; undefined where there is no such shipment of theirs. */
  list(shipmentId: string, customerId: string): Promise<TrackingEvent[] | undefined>;
}

/** Everything kept about a customer, for themselves. */
export type PersonalData = (customerId: string) => Promise<{
  shipments: ShipmentView[];
  quotes: { id: string; address: Address; createdAt: string }[];
}>;
