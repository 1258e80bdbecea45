import { type Channel, isNews, type News } from '../domain/notification';
import { drafts } from './drafts';
import type { Clock, NotificationStore, OrderFacts, Transaction } from './ports';

export const ORDER_TOPIC = 'order.order.v1';
export const SHIPMENT_TOPIC = 'shipping.shipment.v1';
export const STOCK_TOPIC = 'inventory.stock.v1';
export const USER_TOPIC = 'user.user.v1';

export interface ReactionsDeps {
  store: Pick<NotificationStore, 'tell' | 'tellStaff'>;
  clock: Clock;
  /** By which ways each is told; none where nothing is configured. */
  channels: { customers: readonly Channel[]; staff: readonly Channel[] };
}

interface Happened {
  /** ISO 8601; of the event. */
  time: string;
}

/** What events lead to. */
export const createReactions = ({ store, clock, channels }: ReactionsDeps) => ({
  /** Something about an order. `key` names what the news is about: one notification for it, however many events say so. */
  order(
    orderId: string,
    { facts, news, key = orderId }: { facts?: OrderFacts; news?: News; key?: string },
    { time }: Happened,
    transaction: Transaction,
  ): Promise<void> {
    const at = clock.now();
    const told = news && isNews(time, at) ? drafts(news, key, channels.customers) : [];
    return store.tell(orderId, { facts, drafts: told, at }, transaction);
  },
  staff(news: News, key: string, { time }: Happened, transaction: Transaction): Promise<void> {
    const at = clock.now();
    const told = isNews(time, at) ? drafts(news, key, channels.staff) : [];
    return store.tellStaff(told, at, transaction);
  },
});

export type Reactions = ReturnType<typeof createReactions>;
