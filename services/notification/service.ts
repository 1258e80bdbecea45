import type { Authenticator } from '@platform/libs/http';
import { createConsumer, type KafkaPort } from '@platform/libs/messaging';
import { listen, type Pool } from '@platform/libs/postgres';
import { createErasures } from '@platform/libs/privacy';
import { startWorkLoop } from '@platform/libs/resilience';
import type { Operations } from '@platform/libs/service';
import { type Logger, meter } from '@platform/libs/telemetry';
import { createApp } from './app';
import { createDeliver, type DeliverDeps } from './application/deliver';
import { type Addresses, type Clock, type Senders, systemClock } from './application/ports';
import {
  createReactions,
  ORDER_TOPIC,
  SHIPMENT_TOPIC,
  STOCK_TOPIC,
  USER_TOPIC,
} from './application/reactions';
import { defaultPace, type Pace } from './domain/delivery';
import type { Channel } from './domain/notification';
import { createHandlers } from './messaging/handlers';
import { createNotificationStore, DUE_CHANNEL } from './storage/notificationStore';
import { createPersonalData, forgetCustomer } from './storage/personalData';

export interface ServiceDeps {
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  authenticator: Authenticator;
  senders: Senders;
  addresses: Addresses;
  staffEmail?: string;
  pace?: Pace;
  version: string;
  clock?: Clock;
}

const HOUR = 3_600_000;
/** How long what was sent can be looked at, and whose an order is stays known. */
const KEEP_MS = 180 * 24 * HOUR;
/** In hand at the same time. */
const AT_ONCE = 8;
/** Longer than a try may take. What an instance had in hand when it died is taken up after this. */
const LEASE_MS = 120_000;

/** A mail may leave so much later: nobody sees it, and most of what others say is nothing to tell anyone. */
const MAIL_WITHIN_MS = 500;

const TOPICS = [ORDER_TOPIC, SHIPMENT_TOPIC, STOCK_TOPIC, USER_TOPIC];

const countNotifications = (): DeliverDeps['count'] => {
  const counter = meter().createCounter('notifications_total', {
    description: 'Tries to send a notification, by what came of them',
  });
  return (kind, channel, outcome) => counter.add(1, { kind, channel, outcome });
};

/** By which ways customers and staff are told. */
export const channelsOf = ({ senders, staffEmail }: Pick<ServiceDeps, 'senders' | 'staffEmail'>) => {
  const customers: Channel[] = senders.email ? ['email'] : [];
  const staff: Channel[] = [
    ...(senders.webhook ? (['webhook'] as const) : []),
    ...(senders.email && staffEmail !== undefined ? (['email'] as const) : []),
  ];
  return { customers, staff };
};

/** Puts the parts together. Nothing runs before `start`. */
export const createService = (deps: ServiceDeps) => {
  const { pool, kafka, logger, authenticator, senders, addresses, staffEmail, version } = deps;
  const { clock = systemClock, pace = defaultPace } = deps;
  const store = createNotificationStore(pool);
  const channels = channelsOf(deps);
  const erasures = createErasures({ pool, logger, forget: forgetCustomer });
  const deliver = createDeliver({
    ...{ store, senders, addresses, staffEmail, pace, clock, logger },
    count: countNotifications(),
  });
  const consumer = createConsumer({
    kafka,
    groupId: 'notification-service',
    topics: TOPICS,
    withinMs: MAIL_WITHIN_MS,
    handlers: createHandlers(createReactions({ store, clock, channels }), erasures),
    pool,
    logger,
  });
  const app = createApp({
    ...{ version, logger, authenticator, store },
    personalData: createPersonalData(pool),
    ready: { database: () => pool.query('select 1'), broker: () => kafka.check() },
  });
  const after = (ms: number) => new Date(Date.parse(clock.now()) + ms).toISOString();
  /** Takes up what is due. @returns false when there was nothing. */
  const deliverDue = async (): Promise<boolean> => {
    const due = await store.claimDue(clock.now(), after(LEASE_MS), AT_ONCE);
    const done = await Promise.allSettled(due.map(deliver));
    const failed = done.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    return due.length > 0;
  };
  const prune = () =>
    store
      .prune(after(-KEEP_MS))
      .catch((error) => logger.warn({ err: error }, 'old notifications could not be removed'));
  return {
    ...{ app, store, erasures, deliverDue },
    operations: { consumer } satisfies Operations,
    /** Starts to listen, to send and to forget. @returns what stops it all again. */
    async start(): Promise<() => Promise<void>> {
      for (const [who, how] of Object.entries(channels)) {
        if (how.length === 0) logger.warn(`no way to tell ${who} is configured: they are told nothing`);
        else logger.info(`${who} are told by ${how.join(' and ')}`);
      }
      const worker = startWorkLoop({ step: deliverDue, waiting: 'notifications wait to be sent', logger });
      const listener = await listen(pool, DUE_CHANNEL, worker.wake, logger);
      await consumer.start();
      const stopForgetting = erasures.start();
      const pruning = setInterval(prune, HOUR);
      return async () => {
        clearInterval(pruning);
        await stopForgetting();
        await consumer.stop();
        await listener.stop();
        await worker.stop();
      };
    },
  };
};
