import type { Logger } from '@platform/libs/telemetry';
import { type CheckoutMessage, decide, type Patience } from '../domain/checkout';
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
  /** Looks after orders that wait too long. @returns how many it found. */
  lookAfterStuck(limit?: number): Promise<number>;
}

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
      if (event.type === 'StockReleaseGivenUp') {
        logger.error(
          { orderId: 'orderId' in after ? after.orderId : undefined, attempts: event.data.attempts },
          'stock of a cancelled order was not given back: correct it by hand',
        );
      } else if (event.type === 'PaymentRequested' && event.data.attempt > 1) {
        logger.warn(
          { orderId: 'orderId' in after ? after.orderId : undefined, attempt: event.data.attempt },
          'a payment is asked for again',
        );
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
  };
  return {
    react: apply,
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
