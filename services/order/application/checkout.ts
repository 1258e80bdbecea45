import type { Logger } from '@platform/libs/telemetry';
import { type CheckoutMessage, decide, isCancellable, type Patience } from '../domain/checkout';
import { type Measure, measureNothing } from './measure';
import type { Change, Clock, OrderStore, Transaction } from './ports';

export interface CheckoutDeps {
  store: OrderStore;
  clock: Clock;
  patience: Patience;
  logger: Logger;
  measure?: Measure;
}

export interface Checkout {
  /** Reacts to a message, in the transaction that also records that it was received. */
  react(orderId: string, message: CheckoutMessage, transaction: Transaction): Promise<void>;
  /** The customer calls the order off. @returns whether that can (still) be done; done twice it is done once. */
  callOff(orderId: string): Promise<boolean>;
  /** Looks after orders that wait too long. @returns how many it found. */
  lookAfterStuck(limit?: number): Promise<number>;
}

const CONFLICT_TRIES = 5;

export const createCheckout = ({
  store,
  clock,
  patience,
  logger,
  measure = measureNothing,
}: CheckoutDeps): Checkout => {
  const report = ({ after, events }: Change) => {
    measure(after, events);
    for (const event of events) {
      const { type, data } = event;
      const orderId = 'orderId' in after ? after.orderId : undefined;
      if (type === 'CompensationFailed') {
        const { what, attempts } = data;
        logger.error(
          { orderId, what, attempts },
          'nobody answers what is to be undone; it is asked for again every hour',
        );
      } else if ('attempt' in data && data.attempt > 1) {
        logger.warn({ orderId, question: type, attempt: data.attempt }, 'an order asks again');
      }
    }
  };
  const apply = async (orderId: string, message: CheckoutMessage, transaction?: Transaction) => {
    const at = clock.now();
    const change = await store.change(orderId, (order) => decide(message, order, at, patience), transaction);
    if (change.events.length === 0 && message.type !== 'TimePassed') {
      logger.info(
        { orderId, message: message.type, status: change.before.status },
        'a message changes nothing',
      );
    }
    report(change);
    return change;
  };
  return {
    async react(orderId, message, transaction) {
      await apply(orderId, message, transaction);
    },
    async callOff(orderId) {
      for (let tries = 1; ; tries += 1) {
        try {
          const { before } = await apply(orderId, { type: 'CancellationWanted' });
          return isCancellable(before);
        } catch (error) {
          // An answer arrived in this very moment: the order is looked at anew.
          if ((error as { code?: unknown }).code !== 'CONCURRENCY_CONFLICT' || tries === CONFLICT_TRIES)
            throw error;
        }
      }
    },
    async lookAfterStuck(limit = 50) {
      const due = await store.findDue(clock.now(), limit);
      for (const orderId of due) {
        try {
          await apply(orderId, { type: 'TimePassed' });
        } catch (error) {
          // An answer that arrives in this very moment wins; anything else is tried again at the next look.
          logger.warn({ err: error, orderId }, 'a stuck order could not be looked after yet');
        }
      }
      return due.length;
    },
  };
};
