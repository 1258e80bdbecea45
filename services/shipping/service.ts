import { createPostgresEventStore } from '@platform/libs/eventstore';
import type { Authenticator } from '@platform/libs/http';
import { createConsumer, type KafkaPort, startRelay } from '@platform/libs/messaging';
import { listen, type Pool } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import { startWorker } from '@platform/libs/resilience';
import type { Operations } from '@platform/libs/service';
import type { Logger } from '@platform/libs/telemetry';
import { createApp } from './app';
import { measureUnresolved } from './application/measure';
import { ORDER_TOPIC, USER_TOPIC } from './application/messages';
import { type Carriers, type Clock, systemClock } from './application/ports';
import { createQuoting } from './application/quoting';
import { createShipments } from './application/shipments';
import { createTracking } from './application/tracking';
import type { Address } from './domain/address';
import type { ExchangeRates } from './domain/money';
import { defaultPace, type PollPace } from './domain/tracking';
import { createHandlers } from './messaging/handlers';
import { historyOfOrder } from './storage/history';
import { createPersonalData, forgetCustomer } from './storage/personalData';
import { createQuoteStore } from './storage/quoteStore';
import { createShipmentStore, DUE_CHANNEL } from './storage/shipmentStore';
import { createTrackingStore } from './storage/trackingStore';

export interface ServiceDeps {
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  authenticator: Authenticator;
  carriers: Carriers;
  /** Where parcels set out. */
  origin: Address;
  /** What the shop counts in. */
  currency: string;
  rates?: ExchangeRates;
  quoteValidityMs: number;
  pace?: PollPace;
  version: string;
  clock?: Clock;
}

const HOUR = 3_600_000;
/** Longer than a carrier may take, all its tries together. */
const LEASE_MS = 90_000;

/** Puts the parts together. Nothing runs before `start`. */
export const createService = (deps: ServiceDeps) => {
  const { pool, kafka, logger, authenticator, carriers, origin, version } = deps;
  const { clock = systemClock, pace = defaultPace } = deps;
  const quotes = createQuoteStore(pool);
  const events = createPostgresEventStore(pool, logger);
  const store = createShipmentStore({ pool, events, firstLookMs: pace.firstMs });
  const trackingStore = createTrackingStore(pool);
  const shipments = createShipments({ store, quotes, carriers, clock, logger, origin });
  const track = createTracking({ store: trackingStore, carriers, clock, logger, pace });
  const erasures = createErasures({ pool, logger, forget: forgetCustomer });
  const consumer = createConsumer({
    kafka,
    groupId: 'shipping-service',
    topics: [ORDER_TOPIC, USER_TOPIC],
    handlers: createHandlers(shipments, erasures),
    pool,
    logger,
  });
  const app = createApp({
    version,
    logger,
    authenticator,
    quoting: createQuoting({
      ...{ quotes, carriers, clock, logger, origin, currency: deps.currency, rates: deps.rates },
      validityMs: deps.quoteValidityMs,
    }),
    quoteStore: quotes,
    store,
    tracking: trackingStore,
    personalData: createPersonalData(pool),
    ready: { database: () => pool.query('select 1'), broker: () => kafka.check() },
  });
  /** Addresses of quotes nobody ordered by are of no use to anybody. */
  const forgetOldQuotes = () =>
    quotes
      .prune(new Date(Date.parse(clock.now()) - 24 * HOUR).toISOString())
      .catch((error) => logger.warn({ err: error }, 'old quotes could not be removed'));
  return {
    app,
    shipments,
    store,
    erasures,
    operations: { consumer, history: historyOfOrder(pool, events) } satisfies Operations,
    /** Starts to publish, to listen, to buy, to track and to forget. @returns what stops it all again. */
    async start(): Promise<() => Promise<void>> {
      const relay = await startRelay({ pool, kafka, logger });
      const common = { clock, logger, leaseMs: LEASE_MS };
      const worker = startWorker({ ...common, what: 'a shipment', store, advance: shipments.advance });
      const poller = startWorker({
        ...{ ...common, what: 'tracking', store: trackingStore, advance: track },
        pollMs: Math.min(pace.firstMs, 5000),
      });
      const listener = await listen(pool, DUE_CHANNEL, worker.wake, logger);
      await consumer.start();
      const stopForgetting = erasures.start();
      const stopMeasuring = measureUnresolved(() => store.countUnresolved());
      const pruning = setInterval(forgetOldQuotes, HOUR);
      return async () => {
        clearInterval(pruning);
        stopMeasuring();
        await stopForgetting();
        await consumer.stop();
        await listener.stop();
        await Promise.all([worker.stop(), poller.stop()]);
        await relay.stop();
      };
    },
  };
};
