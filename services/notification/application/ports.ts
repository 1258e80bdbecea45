import type { PoolClient } from '@platform/libs/postgres';
import type { SendOutcome, Step } from '../domain/delivery';
import type { Message } from '../domain/messages';
import type { Channel, Draft, KnownOrder, Money, News, Status } from '../domain/notification';

export type Transaction = PoolClient;

export interface Clock {
  /** ISO 8601. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };

export interface Notification {
  id: string;
  news: News;
  channel: Channel;
  /** A customer's id, or 'staff'. */
  recipient: string;
  status: Status;
  reason?: string;
  attempts: number;
  createdAt: string;
  sentAt?: string;
}

/** What an event says of the order as such. */
export type OrderFacts = Partial<Pick<KnownOrder, 'customerId' | 'state'>> & { total?: Money };

/** One that is in hand. */
export type Due = Pick<Notification, 'id' | 'news' | 'channel' | 'recipient' | 'attempts' | 'createdAt'>;

export interface NotificationStore {
  /**
   * Notes what is said of the order and what is to be told about it, and releases what may go out now. In the transaction of the inbox,
   * one event of an order at a time; what is there already stays as it is.
   */
  tell(
    orderId: string,
    told: { facts?: OrderFacts; drafts: Draft[]; at: string },
    transaction: Transaction,
  ): Promise<void>;
  tellStaff(drafts: Draft[], at: string, transaction: Transaction): Promise<void>;
  /** Those whose time has come and nobody else has in hand. */
  claimDue(now: string, leaseUntil: string, limit: number): Promise<Due[]>;
  /** What came of try number `attempt`. Changes nothing when it was erased, or recorded, meanwhile. */
  record(id: string, attempt: number, step: Step, at: string): Promise<void>;
  /** Newest first. */
  list(customerId: string, limit: number, before?: string): Promise<Notification[]>;
  /** Forgets what is older. */
  prune(before: string): Promise<void>;
}

/** Everything kept about a customer. */
export type PersonalData = (
  customerId: string,
) => Promise<{ notifications: Notification[]; orders: { orderId: string; total?: Money }[] }>;

export interface Outgoing {
  /** The same however often it is sent: whoever gets it twice can know. */
  id: string;
  news: News;
  message: Message;
  createdAt: string;
  /** An e-mail address; none where the sender knows where to. */
  to?: string;
}

/** A way to send. Never throws: what went wrong is part of the outcome. */
export type Sender = (outgoing: Outgoing) => Promise<SendOutcome>;

/** Where a customer can be written to, asked when it is needed and not kept. @throws a retriable error when that cannot be found out now. */
export type Addresses = (customerId: string) => Promise<string | 'gone'>;

export type Senders = Partial<Record<Channel, Sender>>;
