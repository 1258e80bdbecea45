import { createPostgresEventStore } from '@platform/libs/eventstore';
import type { Authenticator } from '@platform/libs/http';
import { createConsumer, type KafkaPort, startRelay } from '@platform/libs/messaging';
import { listen, type Pool, withTransaction } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import { type BreakerFigures, startWorker } from '@platform/libs/resilience';
import type { Operations } from '@platform/libs/service';
import type { Logger } from '@platform/libs/telemetry';
import { createApp } from './app';
import { createGateways } from './application/gateways';
import { ORDER_TOPIC, USER_TOPIC } from './application/messages';
import { createPayments } from './application/payments';
import { type Clock, type NotificationReader, type PaymentGateway, systemClock } from './application/ports';
import { createHandlers } from './messaging/handlers';
import { historyOfOrder } from './storage/history';
import { createPaymentStore, DUE_CHANNEL } from './storage/paymentStore';
import { createPersonalData, forgetCustomer } from './storage/personalData';

export interface ServiceDeps {
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  authenticator: Authenticator;
  gateways: readonly PaymentGateway[];
  notifications: readonly NotificationReader[];
  version: string;
  clock?: Clock;
  /** When a gateway is left out, and for how long: 5 failures in a row, 30 s. */
  breaker?: BreakerFigures;
  /** What an instance had in hand when it died is taken up after this; LEASE_MS unless told. */
  leaseMs?: number;
}

/** Longer than a gateway call may take. */
const LEASE_MS = 30_000;

/** Puts the parts together. Nothing runs before `start`. */
export const createService = (deps: ServiceDeps) => {
  const { pool, kafka, logger, authenticator, notifications, version, clock = systemClock } = deps;
  const events = createPostgresEventStore(pool, logger);
  const store = createPaymentStore({ pool, events });
  const payments = createPayments({
    store,
    gateways: createGateways(deps.gateways, deps.breaker),
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
    operations: { consumer, history: historyOfOrder(pool, events) } satisfies Operations,
    /** Starts to publish, to listen, to charge and to forget. @returns what stops it all again. */
    async start(): Promise<() => Promise<void>> {
      const relay = await startRelay({ pool, kafka, logger });
      const worker = startWorker({
        ...{ what: 'a payment', store, advance: payments.advance, clock, logger },
        leaseMs: deps.leaseMs ?? LEASE_MS,
      });
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
