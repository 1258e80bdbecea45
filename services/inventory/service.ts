import type { Authenticator } from '@platform/libs/http';
import { createConsumer, type KafkaPort, startRelay } from '@platform/libs/messaging';
import type { Pool } from '@platform/libs/postgres';
import { startWorkLoop } from '@platform/libs/resilience';
import type { Operations } from '@platform/libs/service';
import type { Logger } from '@platform/libs/telemetry';
import { createApp } from './app';
import { ORDER_TOPIC } from './application/messages';
import { type Clock, systemClock } from './application/ports';
import { createReservations } from './application/reservations';
import { createHandlers } from './messaging/handlers';
import { createItemStore } from './storage/itemStore';
import { createReservationStore } from './storage/reservationStore';

export interface ServiceDeps {
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  authenticator: Authenticator;
  version: string;
  /** How long stock is held for an order that nobody decides about. */
  reservationMs: number;
  clock?: Clock;
}

const LOOK_EVERY_MS = 5000;

/** Puts the parts together. Nothing runs before `start`. */
export const createService = (deps: ServiceDeps) => {
  const { pool, kafka, logger, authenticator, version, reservationMs, clock = systemClock } = deps;
  const reservations = createReservations({
    ...{ store: createReservationStore(pool), clock, logger, validityMs: reservationMs },
  });
  const consumer = createConsumer({
    kafka,
    groupId: 'inventory-service',
    topics: [ORDER_TOPIC],
    handlers: createHandlers(reservations),
    pool,
    logger,
  });
  const app = createApp({
    version,
    logger,
    authenticator,
    items: createItemStore(pool),
    ready: { database: () => pool.query('select 1'), broker: () => kafka.check() },
  });
  return {
    app,
    reservations,
    operations: { consumer } satisfies Operations,
    /** Starts to publish, to listen, and to give back what nobody decides about. @returns what stops it all again. */
    async start(): Promise<() => Promise<void>> {
      const relay = await startRelay({ pool, kafka, logger });
      await consumer.start();
      const expiry = startWorkLoop({
        step: reservations.expireDue,
        waiting: 'reservations that ended could not be looked for',
        logger,
        pollMs: LOOK_EVERY_MS,
      });
      return async () => {
        await expiry.stop();
        await consumer.stop();
        await relay.stop();
      };
    },
  };
};
