import { fingerprint, IdempotencyKeyReused } from '@platform/libs/idempotency';
import { uuidv7 } from '@platform/libs/ids';
import type { Logger } from '@platform/libs/telemetry';
import { type Address, needsCustoms } from '../domain/address';
import type { ExchangeRates } from '../domain/money';
import { type Item, PackingProblem, pack } from '../domain/packing';
import { arrangeQuotes, type Quote } from '../domain/quotes';
import {
  type Carrier,
  type CarrierFailure,
  type Carriers,
  type Clock,
  DestinationNotServed,
  type Quotation,
  type QuoteOutcome,
  type QuoteStore,
} from './ports';

export interface QuotingDeps {
  quotes: QuoteStore;
  carriers: Carriers;
  clock: Clock;
  logger: Logger;
  /** Where parcels set out. */
  origin: Address;
  /** What the shop counts in. */
  currency: string;
  rates?: ExchangeRates;
  /** How long a quote can be used. */
  validityMs: number;
  /** How long each carrier may take; 2000 ms unless told. */
  limitMs?: number;
  newId?: (milliseconds: number) => string;
}

export interface QuotesWanted {
  customerId: string;
  idempotencyKey: string;
  address: Address;
  items: Item[];
}

/** No carrier could be asked. Nothing was stored; the same request may go through later. */
export class QuotesUnavailable extends Error {
  readonly code = 'QUOTES_UNAVAILABLE';
  readonly retriable = true;
  constructor(readonly failures: CarrierFailure[]) {
    super(
      `No carrier made an offer: ${failures.map(({ carrier, reason }) => `${carrier} ${reason}`).join(', ')}`,
    );
    this.name = 'QuotesUnavailable';
  }
}

export type Quoting = ReturnType<typeof createQuoting>;

const TOO_LATE: QuoteOutcome = { kind: 'retriable', error: 'time_limit' };

/** `late` when `work` takes longer. The work goes on, and nobody waits for it. */
const withLimit = async <T>(work: Promise<T>, ms: number, late: T): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Asks all carriers at once. One that fails or is slow is left out, and named. The same request under the same key gets the same answer.
 */
export const createQuoting = (deps: QuotingDeps) => {
  const { quotes, carriers, clock, logger, origin, currency, rates, validityMs } = deps;
  const { limitMs = 2000, newId = uuidv7 } = deps;

  const ask = async (
    carrier: Carrier,
    { address, items }: QuotesWanted,
    shipDate: string,
  ): Promise<{ outcome: QuoteOutcome; parcels: number }> => {
    try {
      const parcels = pack(items, carrier.limits);
      const asking = carrier.quote({ from: origin, to: address, parcels, shipDate });
      return { outcome: await withLimit(asking, limitMs, TOO_LATE), parcels: parcels.length };
    } catch (error) {
      if (error instanceof PackingProblem) {
        return { outcome: { kind: 'rejected', reason: error.code }, parcels: 0 };
      }
      // The adapter promised not to throw.
      logger.error({ err: error, carrier: carrier.name }, 'a carrier adapter failed unexpectedly');
      return { outcome: { kind: 'retriable', error: 'adapter_failure' }, parcels: 0 };
    }
  };

  return async (wanted: QuotesWanted): Promise<Quotation> => {
    const { customerId, idempotencyKey: key, address, items } = wanted;
    const requestHash = fingerprint([address, items]);
    const unlessReused = (quotation: Quotation) => {
      if (quotation.requestHash !== requestHash) throw new IdempotencyKeyReused('request');
      return quotation;
    };
    const earlier = await quotes.findByKey(customerId, key);
    if (earlier) return unlessReused(earlier);
    if (needsCustoms(origin, address)) throw new DestinationNotServed(address.country);

    const at = clock.now();
    const milliseconds = Date.parse(at);
    const answers = await Promise.all(
      carriers.all.map(async (carrier) => ({
        ...(await ask(carrier, wanted, at.slice(0, 10))),
        carrier: carrier.name,
      })),
    );
    const found: Quote[] = [];
    const failures: CarrierFailure[] = [];
    for (const { carrier, outcome, parcels } of answers) {
      if (outcome.kind === 'offered') {
        found.push(
          ...outcome.offers.map((offer) => ({ id: newId(milliseconds), carrier, ...offer, parcels })),
        );
        continue;
      }
      const reason = outcome.kind === 'rejected' ? outcome.reason : outcome.error;
      failures.push({ carrier, reason, retriable: outcome.kind === 'retriable' });
      const level = outcome.kind === 'misconfigured' ? 'error' : 'warn';
      logger[level]({ carrier, outcome: outcome.kind, reason }, 'a carrier made no offer');
    }
    if (found.length === 0 && failures.some(({ retriable }) => retriable))
      throw new QuotesUnavailable(failures);
    const id = newId(milliseconds);
    const answer = {
      id,
      groups: arrangeQuotes(found, currency, rates),
      failures,
      validUntil: new Date(milliseconds + validityMs).toISOString(),
      createdAt: at,
    };
    const quotation = { request: { id, customerId, address, items }, key, requestHash, answer };
    return unlessReused(await quotes.save(quotation, found));
  };
};
