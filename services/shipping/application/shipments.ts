import type { Logger } from '@platform/libs/telemetry';
import type { Address } from '../domain/address';
import {
  beginAttempt,
  cancel,
  enquiryOutcome,
  nextStep,
  type Outcome,
  request,
  settle,
  settleVoid,
  type VoidOutcome,
} from '../domain/booking';
import { pack } from '../domain/packing';
import { isGood } from '../domain/quotes';
import { type Choice, referenceOf, type Shipment, type ShipmentEvent } from '../domain/shipment';
import { shipmentIdOf } from './ids';
import { answerKind } from './messages';
import type {
  Carrier,
  Carriers,
  Change,
  Clock,
  Label,
  LabelOutcome,
  QuoteStore,
  ShipmentStore,
  Transaction,
} from './ports';

export interface ShipmentsDeps {
  store: ShipmentStore;
  quotes: Pick<QuoteStore, 'findQuote'>;
  carriers: Carriers;
  clock: Clock;
  logger: Logger;
  /** Where parcels set out. */
  origin: Address;
}

export interface ShipmentWanted {
  orderId: string;
  customerId: string;
  quoteId: string;
}

export type Shipments = ReturnType<typeof createShipments>;
type Chosen = Extract<Shipment, { attempt: number }> & { choice: Choice };

const CONFLICT_TRIES = 5;
/** Of one label. They stand in the database, beside what they belong to. */
export const LABEL_LIMIT_BYTES = 2 * 1024 * 1024;

export const createShipments = ({ store, quotes, carriers, clock, logger, origin }: ShipmentsDeps) => {
  /** An attempt, a cancellation and a second instance may meet at one shipment; whoever comes second decides anew. */
  const change = async (
    shipmentId: string,
    decide: (shipment: Shipment) => ShipmentEvent[],
    more?: { transaction?: Transaction; labels?: Label[] },
  ): Promise<Change> => {
    for (let tries = 1; ; tries += 1) {
      try {
        const changed = await store.change(shipmentId, decide, more);
        report(changed, logger);
        return changed;
      } catch (error) {
        const conflict = (error as { code?: unknown }).code === 'CONCURRENCY_CONFLICT';
        // A transaction that failed is of no more use: whoever opened it tries again.
        if (!conflict || more?.transaction || tries === CONFLICT_TRIES) throw error;
      }
    }
  };

  /** The quote as the order chose it, or why it cannot be used. */
  const choose = async (
    { quoteId, customerId }: ShipmentWanted,
    at: string,
    transaction: Transaction,
  ): Promise<Choice | { problem: string }> => {
    const quoted = await quotes.findQuote(quoteId, transaction);
    if (!quoted || quoted.request.customerId !== customerId) return { problem: 'quote_unknown' };
    if (!isGood(quoted.answer.validUntil, at)) return { problem: 'quote_expired' };
    const { carrier, service, cost, estimatedDelivery } = quoted.quote;
    carriers.named(carrier);
    return { carrier, service, cost, ...(estimatedDelivery && { estimatedDelivery }) };
  };

  const buy = async (carrier: Carrier, shipment: Chosen, at: string): Promise<LabelOutcome> => {
    const quoted = await quotes.findQuote(shipment.quoteId);
    if (!quoted) return { kind: 'rejected', reason: 'quote_unknown' };
    const { address, items } = quoted.request;
    return carrier.buy({
      ...termsOf(shipment),
      ...{ from: origin, to: address, parcels: pack(items, carrier.limits), shipDate: at.slice(0, 10) },
      service: shipment.choice.service,
    });
  };

  /** What an adapter answers; it promised not to throw. If it did after all, the request may be out already. */
  const promised = async <T>(
    { orderId, choice }: Chosen,
    work: (carrier: Carrier) => Promise<T>,
    otherwise: (error: string) => T,
  ): Promise<T> => {
    try {
      return await work(carriers.named(choice.carrier));
    } catch (error) {
      logger.error({ err: error, orderId, carrier: choice.carrier }, 'a carrier could not be asked');
      return otherwise(
        (error as { code?: string }).code === 'UNKNOWN_CARRIER' ? 'unknown_carrier' : 'adapter_failure',
      );
    }
  };

  /** A label that cannot be kept is as good as lost. */
  const keepable = (outcome: LabelOutcome, { orderId, choice }: Chosen): LabelOutcome => {
    if (outcome.kind !== 'bought') return outcome;
    const fit = outcome.labels.every(({ bytes }) => bytes.length > 0 && bytes.length <= LABEL_LIMIT_BYTES);
    if (fit && outcome.labels.length > 0) return outcome;
    logger.error({ orderId, carrier: choice.carrier }, 'a carrier sold a label that is none, or too large');
    return { kind: 'lost', trackingNumber: outcome.booking.trackingNumber };
  };

  const settled = async (shipment: Chosen, outcome: LabelOutcome) => {
    const kept = keepable(outcome, shipment);
    const labels = kept.kind === 'bought' ? kept.labels : undefined;
    await change(shipment.shipmentId, (current) => settle(kept as Outcome, current, clock.now()), { labels });
  };

  return {
    /** Takes in an order's wish: only written down here; the carrier is called later, outside of any transaction. */
    async request(wanted: ShipmentWanted, transaction: Transaction): Promise<void> {
      const { orderId } = wanted;
      const shipmentId = shipmentIdOf(orderId);
      const at = clock.now();
      const chosen = await choose(wanted, at, transaction).catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'UNKNOWN_CARRIER') throw error;
        logger.error({ err: error, orderId }, 'the carrier of a quote is not set up any more');
        return { problem: 'unknown_carrier' };
      });
      const { after, events } = await change(
        shipmentId,
        (shipment) => request({ shipmentId, ...wanted, chosen, at }, shipment),
        { transaction },
      );
      // Asked again although it stands: the answer got lost on the way.
      if (events.length === 0 && answerKind(after)) await store.answerAgain(after, at, transaction);
    },

    /** Takes in that an order wants no shipment (any more). */
    async cancel(orderId: string, transaction: Transaction): Promise<void> {
      const shipmentId = shipmentIdOf(orderId);
      const at = clock.now();
      const { after, events } = await change(
        shipmentId,
        (shipment) => cancel({ shipmentId, orderId, at }, shipment),
        { transaction },
      );
      if (events.length === 0 && answerKind(after)) await store.answerAgain(after, at, transaction);
    },

    /** Does the one next thing a shipment needs: buy, ask, or give back. No transaction is open while the carrier is called. */
    async advance(shipmentId: string): Promise<void> {
      const shipment = await store.load(shipmentId);
      if (shipment.status === 'none' || !shipment.choice) return;
      const chosen = shipment as Chosen;
      switch (nextStep(shipment, clock.now())) {
        case 'buy': {
          const begun = await change(shipmentId, (current) => beginAttempt(current, clock.now()));
          if (begun.events.length === 0) return;
          const outcome = await promised(
            chosen,
            (carrier) => buy(carrier, chosen, clock.now()),
            (error): LabelOutcome =>
              error === 'unknown_carrier' ? { kind: 'misconfigured', error } : { kind: 'unknown', error },
          );
          return settled(chosen, outcome);
        }
        case 'enquire': {
          const outcome = await promised(
            chosen,
            (carrier) => {
              const { requestedAt: since, attemptedAt } = chosen;
              return carrier.enquire({ ...termsOf(chosen), since, attemptedAt });
            },
            (error): LabelOutcome => ({ kind: 'unknown', error }),
          );
          return settled(chosen, enquiryOutcome(outcome) as LabelOutcome);
        }
        case 'void': {
          if (shipment.status !== 'voiding') return;
          const { trackingNumber } = shipment;
          const outcome = await promised(
            chosen,
            (carrier) => carrier.void({ trackingNumber, reference: referenceOf(shipment) }),
            (error): VoidOutcome => ({ kind: 'failed', error }),
          );
          await change(shipmentId, (current) => settleVoid(outcome, current, clock.now()));
          return;
        }
        case 'nothing':
      }
    },
  };
};

const termsOf = (shipment: Chosen) => {
  const { cost, estimatedDelivery } = shipment.choice;
  return { reference: referenceOf(shipment), cost, ...(estimatedDelivery && { estimatedDelivery }) };
};

/** What happened, as structured log lines; every failure with its order and carrier. */
const report = ({ after, events }: Change, logger: Logger): void => {
  if (after.status === 'none') return;
  const base = { orderId: after.orderId, shipmentId: after.shipmentId, carrier: after.choice?.carrier };
  for (const { type, data } of events) {
    switch (type) {
      case 'LabelBought':
        logger.info(
          { event: 'label_bought', ...base, trackingNumber: data.trackingNumber, cost: data.cost },
          'a label was bought',
        );
        break;
      case 'AttemptFailed': {
        const { error, attempt, willRetry } = data;
        logger.warn(
          { event: 'label_retry', ...base, error, attempt, willRetry },
          'a label could not be bought',
        );
        break;
      }
      case 'OutcomeUnknown':
        logger.warn(
          { ...base, error: data.error, attempt: data.attempt, enquiries: data.enquiries },
          'whether a label was bought is unknown',
        );
        break;
      case 'LabelLost':
        logger.error(
          { ...base, trackingNumber: data.trackingNumber },
          'a label was bought and is lost: giving it back',
        );
        break;
      case 'ShipmentFailed':
        logger.error(
          { event: 'shipment_failed', ...base, reason: data.reason, attempts: data.attempts },
          'a shipment failed',
        );
        break;
      case 'PersonNeeded':
        logger.error(
          { event: 'person_needed', ...base, reason: data.reason },
          'whether a label was bought stays unknown: look for it at the carrier by hand, it is not bought again',
        );
        break;
      case 'VoidPostponed':
        logger.error({ ...base, error: data.error, tries: data.tries }, 'a label cannot be given back yet');
        break;
      case 'VoidRefused':
        logger.error(
          { event: 'person_needed', ...base, error: data.error },
          'the carrier does not take a label back: talk to it by hand',
        );
        break;
      case 'ShipmentCancelled':
        logger.info({ event: 'shipment_cancelled', ...base }, 'a shipment is cancelled');
        break;
    }
  }
};
