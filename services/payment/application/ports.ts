import type { PoolClient } from '@platform/libs/postgres';
import type { Outcome, RefundOutcome } from '../domain/charging';
import type { Money, Payment, PaymentEvent } from '../domain/payment';

/** An open database transaction. Whoever opened it commits it. */
export type Transaction = PoolClient;

export type PublicStatus = 'pending' | 'succeeded' | 'declined' | 'failed' | 'refunded';

/** What a customer sees of a payment. */
export interface PaymentView {
  id: string;
  orderId: string;
  status: PublicStatus;
  amount: Money;
  gateway: string;
  transactionId?: string;
  reason?: string;
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
   * Loads, decides, and stores events, view and answer to the order in one transaction: in `transaction`, or in one of its own.
   * @throws ConcurrencyConflict (retriable) when the payment was changed meanwhile.
   */
  change(
    paymentId: string,
    decide: (payment: Payment) => PaymentEvent[],
    transaction?: Transaction,
  ): Promise<Change>;
  /** Tells the order again how its payment ended. */
  answerAgain(payment: Payment, transaction: Transaction): Promise<void>;
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

export interface ChargeRequest {
  paymentId: string;
  orderId: string;
  amount: Money;
  paymentMethod: string;
}

/** A payment provider. Its methods never throw: whatever goes wrong is an outcome. */
export interface PaymentGateway {
  name: string;
  /** Charges once per payment, however often it is called. */
  charge(request: ChargeRequest): Promise<Outcome>;
  /** Asks what became of the charges of a payment begun at `since` (ISO 8601). 'retriable' and 'unknown' mean: no answer. */
  enquire(request: { paymentId: string; since: string }): Promise<Outcome>;
  /** Gives everything back, once, however often it is called. */
  refund(request: { paymentId: string; transactionId: string }): Promise<RefundOutcome>;
}

/** What a gateway told us of its own accord. */
export interface Notification {
  gateway: string;
  eventId: string;
  /** Undefined when it is about nothing of ours, or about something we need not know. */
  about?: { paymentId: string; outcome: Outcome };
}

export interface NotificationReader {
  /** @throws NotificationRefused when it was not signed by the gateway, or too long ago. */
  read(body: Buffer, signature: string): Notification;
}

export class NotificationRefused extends Error {
  readonly code = 'NOTIFICATION_REFUSED';
  readonly retriable = false;
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'NotificationRefused';
  }
}

/** A payment could not be made, on any attempt. */
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
