import { instruments, meter } from '@platform/libs/telemetry';
import type { Order, OrderEvent } from '../domain/order';

/** Counts what happened to an order. */
export type Measure = (order: Order, events: readonly OrderEvent[]) => void;

export const measureNothing: Measure = () => {};

let failed: ReturnType<ReturnType<typeof meter>['createCounter']> | undefined;
/** Made at first use, like the shared instruments. */
const compensationsFailed = () => {
  failed ??= meter().createCounter('compensations_failed_total', {
    description: 'What was to be undone for an order and nobody confirmed in time',
  });
  return failed;
};

/**
 * Feeds orders_total, order_value and revenue_total. Inside a message's transaction this runs just before the commit, so a commit that
 * fails and is repeated counts twice: good enough for a rate, the books are in the events.
 */
export const measureOrders: Measure = (order, events) => {
  if (order.status === 'none') return;
  const { amount, currency } = order.total;
  for (const { type, data } of events) {
    if (type === 'OrderPlaced') {
      instruments().orders.add(1, { status: 'pending' });
      instruments().orderValue.record(amount, { currency });
    } else if (type === 'OrderConfirmed') {
      instruments().orders.add(1, { status: 'confirmed' });
      instruments().revenue.add(amount, { currency });
    } else if (type === 'OrderCancelled') {
      instruments().orders.add(1, { status: 'cancelled' });
    } else if (type === 'CompensationFailed') compensationsFailed().add(1, { what: data.what });
  }
};
