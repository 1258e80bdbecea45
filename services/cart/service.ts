import { randomUUID } from 'node:crypto';
import type { Authenticator } from '@platform/libs/http';
import { createConsumer, type KafkaPort } from '@platform/libs/messaging';
import type { Pool } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import type { Operations } from '@platform/libs/service';
import type { Logger } from '@platform/libs/telemetry';
import { createApp } from './app';
import { createCheckout } from './application/checkout';
import { createEditing } from './application/editing';
import { createExpiry } from './application/expiry';
import { measureActiveCarts } from './application/measure';
import { USER_TOPIC } from './application/messages';
import { type Clock, type OrderPort, type ProductSource, systemClock } from './application/ports';
import { createHandlers } from './messaging/handlers';
import { createCartStore } from './storage/cartStore';
import { createCheckoutStore } from './storage/checkoutStore';
import { createPersonalData, forgetCustomer } from './storage/personalData';

export interface ServiceDeps {
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  authenticator: Authenticator;
  products: ProductSource;
  orders: OrderPort;
  version: string;
  /** A cart that nobody touched for so long is removed. */
  ttlMs: number;
  clock?: Clock;
  /** See CheckoutDeps. */
  underWayMs?: number;
}

const EXPIRE_EVERY_MS = 600_000;

/** Puts the parts together. Nothing runs before `start`. */
export const createService = (deps: ServiceDeps) => {
  const { pool, kafka, logger, authenticator, version, ttlMs, products, orders, underWayMs } = deps;
  const { clock = systemClock } = deps;
  const carts = createCartStore(pool);
  const checkouts = createCheckoutStore(pool);
  const expire = createExpiry({ carts, checkouts, clock, ttlMs });
  const erasures = createErasures({ pool, logger, forget: forgetCustomer });
  const consumer = createConsumer({
    kafka,
    groupId: 'cart-service',
    topics: [USER_TOPIC],
    handlers: createHandlers(erasures),
    pool,
    logger,
  });
  const app = createApp({
    version,
    logger,
    authenticator,
    editing: createEditing({ carts, products, clock, newId: randomUUID }),
    checkOut: createCheckout({ carts, checkouts, products, orders, clock, underWayMs }),
    personalData: createPersonalData(pool),
    ready: { database: () => pool.query('select 1'), broker: () => kafka.check() },
  });
  return {
    app,
    erasures,
    expire,
    operations: { consumer } satisfies Operations,
    /** Starts to listen, to remove old carts and to forget. @returns what stops it all again. */
    async start(): Promise<() => Promise<void>> {
      await consumer.start();
      const stopForgetting = erasures.start();
      const stopMeasuring = measureActiveCarts(carts.countActive, clock.now);
      const expiring = setInterval(
        () => expire().catch((error) => logger.warn({ err: error }, 'old carts could not be removed')),
        EXPIRE_EVERY_MS,
      );
      return async () => {
        clearInterval(expiring);
        stopMeasuring();
        await stopForgetting();
        await consumer.stop();
      };
    },
  };
};
