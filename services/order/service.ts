import { createPostgresEventStore, createProjection } from '@platform/libs/eventstore';
import type { Authenticator } from '@platform/libs/http';
import { createConsumer, type KafkaPort, startRelay } from '@platform/libs/messaging';
import { listen, type Pool } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import type { Operations } from '@platform/libs/service';
import type { Logger } from '@platform/libs/telemetry';
import { createApp } from './app';
import { type Checkout, createCheckout } from './application/checkout';
import { measureOrders } from './application/measure';
import { PAYMENT_TOPIC, RESERVATION_TOPIC, SHIPMENT_TOPIC, USER_TOPIC } from './application/messages';
import { createPlaceOrder } from './application/placeOrder';
import { type OfferSource, type PriceSource, systemClock } from './application/ports';
import { sales } from './application/sales';
import { createWaiting } from './application/waiting';
import { defaultPatience, type Patience } from './domain/checkout';
import { createHandlers } from './messaging/handlers';
import { createOrderStore, SETTLED_CHANNEL, streamOf } from './storage/orderStore';
import { createPersonalData, forgetCustomer } from './storage/personalData';
import { salesTable } from './storage/sales';

export interface ServiceDeps {
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  authenticator: Authenticator;
  prices: PriceSource;
  offers: OfferSource;
  version: string;
  patience?: Patience;
}

const LOOK_EVERY_MS = 5000;
/** The books are read by the day; events of some orders are taken up together. */
const BOOKS_REST_MS = 500;

/** Puts the parts together. Nothing runs before `start`. */
export const createService = ({
  pool,
  kafka,
  logger,
  authenticator,
  prices,
  offers,
  version,
  patience = defaultPatience,
}: ServiceDeps) => {
  const clock = systemClock;
  const events = createPostgresEventStore(pool, logger);
  const store = createOrderStore({ pool, events, patience });
  const projection = createProjection({
    ...{ projection: sales, table: salesTable, store: events, pool, logger },
    restMs: BOOKS_REST_MS,
  });
  const checkout = createCheckout({ store, clock, patience, logger, measure: measureOrders });
  const erasures = createErasures({ pool, logger, forget: forgetCustomer });
  const consumer = createConsumer({
    kafka,
    groupId: 'order-service',
    topics: [RESERVATION_TOPIC, PAYMENT_TOPIC, SHIPMENT_TOPIC, USER_TOPIC],
    handlers: createHandlers(checkout, erasures),
    pool,
    logger,
  });
  const waiting = createWaiting();
  const app = createApp({
    version,
    logger,
    authenticator,
    callOff: checkout.callOff,
    placeOrder: createPlaceOrder({ store, prices, offers, clock, measure: measureOrders }),
    store,
    personalData: createPersonalData(pool),
    waiting,
    ready: { database: () => pool.query('select 1'), broker: () => kafka.check() },
  });
  return {
    app,
    checkout,
    erasures,
    operations: {
      consumer,
      projections: [projection],
      history: (orderId: string) => events.readStream(streamOf(orderId)),
    } satisfies Operations,
    /** Starts to publish, to listen, to look after stuck orders and to forget. @returns what stops it all again. */
    async start(): Promise<() => Promise<void>> {
      const settled = await listen(pool, SETTLED_CHANNEL, waiting.wake, logger);
      const relay = await startRelay({ pool, kafka, logger });
      await consumer.start();
      const projecting = await projection.start();
      const stopLooking = lookAfter(checkout, logger);
      const stopForgetting = erasures.start();
      return async () => {
        await stopForgetting();
        await stopLooking();
        await projecting.stop();
        await consumer.stop();
        await relay.stop();
        await settled.stop();
      };
    },
  };
};

const lookAfter = (checkout: Checkout, logger: Logger) => {
  let looking: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    looking = checkout
      .lookAfterStuck()
      .catch((error) => logger.warn({ err: error }, 'stuck orders could not be looked for'))
      .finally(() => {
        busy = false;
      });
  }, LOOK_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await looking;
  };
};
