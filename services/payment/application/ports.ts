import type { CloudEvent } from '@platform/libs/messaging';
import type { PoolClient } from '@platform/libs/postgres';
import type { Outcome } from '../domain/charging';
import type { Money, Payment, PaymentEvent } from '../domain/payment';
import type { Settled } from '../domain/settling';

/** An open database transaction. Whoever opened it commits it. */
export type Transaction = PoolClient;

export const GATEWAYS = ['stripe', 'paypal', 'square'] as const;
export type GatewayName = (typeof GATEWAYS)[number];

export type PublicStatus =
  | 'pending'
  | 'authorised'
  | 'succeeded'
  | 'declined'
  | 'failed'
  | 'voided'
  | 'refunded';

/** What a customer sees of a payment. */
export interface PaymentView {
  id: string;
  orderId: string;
  status: PublicStatus;
  amount: Money;
  gateway: string;
  transactionId?: string;
  reason?: string;
  /** What was given back so far, if anything. */
  refunded?: Money;
  /** ISO 8601. */
  createdAt: string;
  updatedAt: string;
}

export interface Change {
  before: Payment;
  after: Payment;
  events: PaymentEvent[];
}

export interface PaymentStore {
  load(paymentId: string): Promise<Payment>;
  /**
   * Loads, decides, and stores events, view, postings and messages in one transaction: in `transaction`, or in one of its own.
   * @throws ConcurrencyConflict (retriable) when the payment was changed meanwhile.
   */
  change(
    paymentId: string,
    decide: (payment: Payment) => PaymentEvent[],
    transaction?: Transaction,
  ): Promise<Change>;
  /** Has others hear of what is in no event: of an answer that was given before, or of a refusal. */
  tell(messages: CloudEvent[], transaction: Transaction): Promise<void>;
  /** Takes up to `limit` payments that have something to do, for oneself until `leaseUntil`. */
  claimDue(now: string, leaseUntil: string, limit: number): Promise<string[]>;
  release(paymentId: string): Promise<void>;
  /** @returns false when this notification of the gateway was handled before. */
  recordNotification(gateway: string, eventId: string, transaction: Transaction): Promise<boolean>;
  find(paymentId: string, customerId: string): Promise<PaymentView | undefined>;
  findByOrder(orderId: string, customerId: string): Promise<PaymentView | undefined>;
}

/** Everything kept about a customer, for themselves. */
export type PersonalData = (
  customerId: string,
) => Promise<{ payments: (PaymentView & { paymentMethod: string | null })[] }>;

export interface AuthoriseRequest {
  paymentId: string;
  orderId: string;
  amount: Money;
  paymentMethod: string;
}

/** Money that a gateway says it took for us, or gave back. */
export interface Movement {
  kind: 'capture' | 'refund';
  /** The gateway's id: of the captured money, or of the refund. */
  id: string;
  /** Always positive. */
  amount: Money;
  /** ISO 8601. */
  at: string;
}

/**
 * A payment provider. But for `movements` its methods never throw: whatever goes wrong is an outcome. Each has one effect however often it is
 * called, because it carries one idempotency key per payment (or refund) and kind of operation.
 */
export interface PaymentGateway {
  name: GatewayName;
  /** Has the money set aside for us. */
  authorise(request: AuthoriseRequest): Promise<Outcome>;
  /**
   * Asks what became of a payment begun at `since`, tried last at `attemptedAt` (ISO 8601). 'retriable' and 'unknown' mean: no answer.
   * 'not_charged' is certain.
   */
  find(request: AuthoriseRequest & { since: string; attemptedAt: string }): Promise<Outcome>;
  /** Takes what was set aside. 'captured' and 'done' mean the same. */
  capture(request: { paymentId: string; transactionId: string; amount: Money }): Promise<Settled>;
  /** Gives up what was set aside. Answers 'captured' and does nothing when it was taken already. */
  void(request: { paymentId: string; transactionId: string }): Promise<Settled>;
  /** Gives back what was taken, in part or all. `again`: it was tried before. */
  refund(request: {
    paymentId: string;
    transactionId: string;
    refundId: string;
    amount: Money;
    again: boolean;
  }): Promise<Settled>;
  /** What was taken and given back from `from` until before `to`. @throws whatever went wrong */
  movements(from: string, to: string): Promise<Movement[]>;
}

/** What a gateway told us of its own accord. */
export interface Notification {
  gateway: GatewayName;
  eventId: string;
  /** Undefined when it is about nothing of ours, or about something we need not know. */
  about?: { paymentId: string; outcome: Outcome };
}

/** Reads what one gateway sends, by that gateway's own scheme of signatures. */
export interface NotificationReader {
  gateway: GatewayName;
  /** The headers it needs, in lower case. */
  headers: readonly string[];
  /**
   * @throws NotificationRefused when it was not signed by the gateway, or too long ago; anything else when that cannot be found out
   * now.
   */
  read(body: Buffer, headers: Record<string, string>): Promise<Notification>;
}

export class NotificationRefused extends Error {
  readonly code = 'NOTIFICATION_REFUSED';
  readonly retriable = false;
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'NotificationRefused';
  }
}

/** A payment could not be made, on any attempt at any gateway. */
export class PaymentProcessingError extends Error {
  readonly code = 'PAYMENT_PROCESSING_FAILED';
  readonly retriable = false;
  constructor(
    reason: string,
    readonly attempts: number,
  ) {
    super(`The payment failed after ${attempts} attempt${attempts === 1 ? '' : 's'}`, {
      cause: new Error(reason),
    });
    this.name = 'PaymentProcessingError';
  }
}

export interface Clock {
  /** ISO 8601 in UTC. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };
