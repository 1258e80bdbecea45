import type { Projection } from '@platform/libs/eventstore';
import type { Money } from '../domain/cart';
import type { OrderEvent } from '../domain/order';

/** An order as the books see it. Nobody's name is in it. */
export interface Sale {
  total: Money;
  status: 'pending' | 'confirmed' | 'cancelled';
  /** ISO 8601. */
  placedAt: string;
  /** When it was confirmed or cancelled. */
  settledAt?: string;
}

export type StoredOrderEvent = {
  [E in OrderEvent as E['type']]: { type: `${E['type']}.v1`; data: E['data'] };
}[OrderEvent['type']];

const settled = (sale: Sale | undefined, status: Sale['status'], at: string): Sale | undefined =>
  sale && { ...sale, status, settledAt: at };

/** What the shop has sold: exact, since it is made of the events, where the metrics are good for rates only. */
export const sales: Projection<Sale, StoredOrderEvent> = {
  name: 'sales',
  version: 1,
  keyOf: ({ stream }) => stream.replace(/^order-/, ''),
  handlers: {
    'OrderPlaced.v1': (_sale, { data }) => ({ total: data.total, status: 'pending', placedAt: data.at }),
    'OrderConfirmed.v1': (sale, { data }) => settled(sale, 'confirmed', data.at),
    'OrderCancelled.v1': (sale, { data }) => settled(sale, 'cancelled', data.at),
  },
};

/** One day (UTC) in one currency. */
export interface DayOfSales {
  day: string;
  currency: string;
  placed: number;
  confirmed: number;
  cancelled: number;
  /** Minor units, of what was confirmed on this day. */
  revenue: number;
}
