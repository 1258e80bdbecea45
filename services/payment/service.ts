import { createPostgresEventStore } from '@platform/libs/eventstore';
import type { Authenticator } from '@platform/libs/http';
import { createConsumer, type KafkaPort, startRelay } from '@platform/libs/messaging';
import { listen, type Pool, withTransaction } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import type { Logger } from '@platform/libs/telemetry';
import { createApp } from './app';
import { ORDER_TOPIC, USER_TOPIC } from './application/messages';
import { createPayments } from './application/payments';
import { type Clock, type NotificationReader, type PaymentGateway, systemClock } from './application/ports';
import { startWorker } from './application/worker';
import { createHandlers } from './messaging/handlers';
import { createPaymentStore, DUE_CHANNEL } from './storage/paymentStore';
import { createPersonalData, forgetCustomer } from './storage/personalData';

export interface ServiceDeps {
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  authenticator: Authenticator;
  gateway: PaymentGateway;
  notifications: NotificationReader;
  version: string;
  clock?: Clock;
  /** See WorkerDeps. */
  leaseMs?: number;
}

/** Puts the parts together. Nothing runs before `start`. */
export const createService = (deps: ServiceDeps) => {
  const { pool, kafka, logger, authenticator, gateway, notifications, version, clock = systemClock } = deps;
  const store = createPaymentStore({ pool, events: createPostgresEventStore(pool) });
  const payments = createPayments({
    store,
    gateway,
    clock,
    logger,
    transaction: (work) => withTransaction(pool, work),
  });
  const erasures = createErasures({ pool, logger, forget: forgetCustomer });
  const consumer = createConsumer({
    kafka,
    groupId: 'payment-service',
    topics: [ORDER_TOPIC, USER_TOPIC],
    handlers: createHandlers(payments, erasures),
    pool,
    logger,
  });
  const app = createApp({
    version,
    logger,
    authenticator,
    store,
    payments,
    notifications,
    personalData: createPersonalData(pool),
    ready: { database: () => pool.query('select 1'), broker: () => kafka.check() },
  });
  return {
    app,
    payments,
    store,
    erasures,
    /** Starts to publish, to listen, to charge and to forget. @returns what stops it all again. */
    async start(): Promise<() => Promise<void>> {
      const relay = await startRelay({ pool, kafka, logger });
      const { advance } = payments;
      const worker = startWorker({ store, advance, clock, logger, leaseMs: deps.leaseMs });
      const listener = await listen(pool, DUE_CHANNEL, worker.wake, logger);
      await consumer.start();
      const stopForgetting = erasures.start();
      return async () => {
        await stopForgetting();
        await consumer.stop();
        await listener.stop();
        await worker.stop();
        await relay.stop();
      };
    },
  };
};
