/** An amount in minor units (cents for EUR) of one ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}

/** A gateway, and the token that stands for the customer's card there. A token is worth nothing at another gateway. */
export interface Method {
  gateway: string;
  paymentMethod: string;
}

/** How the truth about a payment came to us. */
export type Source = 'attempt' | 'enquiry' | 'webhook';

/** Whether the money is taken as soon as it is authorised, or when the order says so. */
export type CaptureMode = 'at_once' | 'on_request';

/** What is done with an authorisation. */
export type Settlement = 'capture' | 'void';

/**
 * Times are ISO 8601 in UTC; they come from outside, as ids do. Stored for ever: members are added, never changed, and what an old event
 * lacks has a meaning here.
 */
export type PaymentEvent =
  | {
      type: 'PaymentStarted';
      data: Method & {
        paymentId: string;
        orderId: string;
        customerId: string;
        amount: Money;
        /** Both or neither: where to go when the gateway cannot take it. */
        fallbackGateway?: string;
        fallbackMethod?: string;
        /** Missing: at once. */
        capture?: CaptureMode;
        at: string;
      };
    }
  /** Written before the gateway is called: from here on an authorisation may exist. */
  | { type: 'AttemptStarted'; data: { attempt: number; at: string } }
  /** Known: nothing was taken. */
  | {
      type: 'AttemptFailed';
      data: { attempt: number; error: string; willRetry: boolean; retryAt?: string; at: string };
    }
  /** Taken or not, nobody knows; the gateway is to be asked before anything else. */
  | {
      type: 'OutcomeUnknown';
      data: { attempt: number; error: string; askAt: string; enquiries: number; at: string };
    }
  /** Goes on at the fallback, whose attempts count from one. */
  | { type: 'GatewayChanged'; data: { gateway: string; reason: string; at: string } }
  | {
      type: 'PaymentAuthorised';
      data: { transactionId: string; source: Source; attempt: number; at: string };
    }
  | { type: 'CaptureRequested'; data: { at: string } }
  | { type: 'PaymentCaptured'; data: { transactionId: string; source: Source; at: string } }
  /** The gateway will never give this money. */
  | { type: 'CaptureFailed'; data: { reason: string; at: string } }
  /** The ids are for a payment that was not asked for yet. */
  | { type: 'VoidRequested'; data: { paymentId?: string; orderId?: string; at: string } }
  | { type: 'PaymentVoided'; data: { at: string } }
  | {
      type: 'SettlementPostponed';
      data: { settlement: Settlement; error: string; retryAt: string; tries: number; at: string };
    }
  /** Authorised and captured in one, as it was done before there were authorisations. */
  | { type: 'PaymentSucceeded'; data: { transactionId: string; source: Source; attempt: number; at: string } }
  | { type: 'PaymentDeclined'; data: { reason: string; source: Source; attempt: number; at: string } }
  | { type: 'PaymentFailed'; data: { reason: string; attempts: number; at: string } }
  | {
      type: 'RefundRequested';
      data: { refundId: string; amount: Money; reason?: string; requestedBy?: string; at: string };
    }
  | {
      type: 'PaymentRefunded';
      data: { refundId: string; amount: Money; gatewayRefundId: string; at: string };
    }
  | { type: 'RefundFailed'; data: { refundId: string; amount: Money; reason: string; at: string } }
  /** Without a refundId: about the late charge `transactionId`, or the first one. */
  | {
      type: 'RefundPostponed';
      data: {
        refundId?: string;
        transactionId?: string;
        error: string;
        retryAt: string;
        tries: number;
        at: string;
      };
    }
  /**
   * A gateway holds money that this payment does not want (any more). It goes back. Comes again, as `captured`, when what was only
   * authorised turns out to have been taken. Missing: `gateway` the payment's own, `captured` true, `chargeId` the transaction's.
   */
  | {
      type: 'LateChargeFound';
      data: { gateway?: string; transactionId: string; captured?: boolean; chargeId?: string; at: string };
    }
  | { type: 'LateChargeVoided'; data: { transactionId: string; at: string } }
  | { type: 'LateChargeRefunded'; data: { transactionId: string; refundId: string; at: string } };

export interface Refund {
  refundId: string;
  amount: Money;
  reason?: string;
  status: 'pending' | 'done' | 'failed';
  /** Why it failed. */
  failure?: string;
  dueAt: string;
  tries: number;
}

/** Money at a gateway that is none of this payment's. */
export interface LateCharge {
  gateway: string;
  transactionId: string;
  captured: boolean;
  /** What is to be refunded. */
  chargeId: string;
  status: 'pending' | 'done';
  dueAt: string;
  tries: number;
}

interface Known extends Method {
  paymentId: string;
  orderId: string;
  customerId: string;
  amount: Money;
  startedAt: string;
  /** Not used yet. */
  fallback?: Method;
  capture: CaptureMode;
  captureWanted: boolean;
  /** Why it will never be captured. */
  captureFailure?: string;
  voidWanted: boolean;
  /** Attempts begun at this gateway, and at the one given up before. */
  attempt: number;
  earlierAttempts: number;
  /** Everything the gateways have told about by its id. */
  transactions: readonly string[];
  refunds: readonly Refund[];
  lateCharges: readonly LateCharge[];
}

export type Payment =
  | { status: 'none' }
  /** Called off before it was asked for. */
  | { status: 'forestalled'; paymentId: string; orderId: string }
  /** To be tried at `dueAt`. */
  | (Known & { status: 'ready'; dueAt: string })
  /** The gateway was (or may have been) called and the outcome is not recorded. Ask it at `dueAt`. */
  | (Known & { status: 'asking'; dueAt: string; enquiries: number; attemptedAt: string })
  /** Without `dueAt` nothing is to be done until somebody says what. */
  | (Known & { status: 'authorised'; transactionId: string; dueAt?: string; tries: number })
  | (Known & { status: 'captured'; transactionId: string })
  | (Known & { status: 'voided'; transactionId?: string })
  | (Known & { status: 'declined'; reason: string })
  | (Known & { status: 'failed'; reason: string });

export type KnownPayment = Exclude<Payment, { status: 'none' | 'forestalled' }>;

export const initialPayment: Payment = { status: 'none' };

export const isKnown = (payment: Payment): payment is KnownPayment =>
  payment.status !== 'none' && payment.status !== 'forestalled';

const known = (payment: Known): Known => ({
  paymentId: payment.paymentId,
  orderId: payment.orderId,
  customerId: payment.customerId,
  amount: payment.amount,
  startedAt: payment.startedAt,
  gateway: payment.gateway,
  paymentMethod: payment.paymentMethod,
  fallback: payment.fallback,
  capture: payment.capture,
  captureWanted: payment.captureWanted,
  captureFailure: payment.captureFailure,
  voidWanted: payment.voidWanted,
  attempt: payment.attempt,
  earlierAttempts: payment.earlierAttempts,
  transactions: payment.transactions,
  refunds: payment.refunds,
  lateCharges: payment.lateCharges,
});

const started = (data: Extract<PaymentEvent, { type: 'PaymentStarted' }>['data']): Payment => {
  const { fallbackGateway, fallbackMethod, capture = 'at_once' } = data;
  return {
    paymentId: data.paymentId,
    orderId: data.orderId,
    customerId: data.customerId,
    amount: data.amount,
    startedAt: data.at,
    gateway: data.gateway,
    paymentMethod: data.paymentMethod,
    fallback:
      fallbackGateway !== undefined && fallbackMethod !== undefined
        ? { gateway: fallbackGateway, paymentMethod: fallbackMethod }
        : undefined,
    capture,
    captureWanted: capture === 'at_once',
    voidWanted: false,
    attempt: 0,
    earlierAttempts: 0,
    transactions: [],
    refunds: [],
    lateCharges: [],
    status: 'ready',
    dueAt: data.at,
  };
};

const evolveLateCharge = (
  payment: KnownPayment,
  event: Extract<PaymentEvent, { type: 'LateChargeFound' }>,
): KnownPayment => {
  const {
    gateway = payment.gateway,
    transactionId,
    captured = true,
    chargeId = transactionId,
    at,
  } = event.data;
  const found: LateCharge = {
    ...{ gateway, transactionId, captured, chargeId },
    ...{ status: 'pending', dueAt: at, tries: 0 },
  };
  return {
    ...payment,
    transactions: [...payment.transactions, transactionId, chargeId],
    lateCharges: [...payment.lateCharges.filter((one) => one.transactionId !== transactionId), found],
  };
};

export const evolve = (payment: Payment, event: PaymentEvent): Payment => {
  if (event.type === 'PaymentStarted') return started(event.data);
  if (payment.status === 'none' && event.type === 'VoidRequested') {
    const { paymentId = '', orderId = '' } = event.data;
    return { status: 'forestalled', paymentId, orderId };
  }
  if (!isKnown(payment)) throw new Error(`A payment cannot begin with ${event.type}.`);
  const base = known(payment);
  const { at } = event.data;
  const refund = (refundId: string, change: Partial<Refund>): KnownPayment => ({
    ...payment,
    refunds: payment.refunds.map((one) => (one.refundId === refundId ? { ...one, ...change } : one)),
  });
  const lateCharge = (transactionId: string | undefined, change: Partial<LateCharge>): KnownPayment => ({
    ...payment,
    lateCharges: payment.lateCharges.map((one) =>
      one.transactionId === (transactionId ?? payment.lateCharges[0]?.transactionId)
        ? { ...one, ...change }
        : one,
    ),
  });
  const withTransaction = (transactionId: string): Known & { transactionId: string } => ({
    ...base,
    transactionId,
    transactions: [...base.transactions, transactionId],
  });
  switch (event.type) {
    case 'AttemptStarted':
      return {
        ...{ ...base, attempt: event.data.attempt, status: 'asking' },
        ...{ dueAt: at, enquiries: 0, attemptedAt: at },
      };
    case 'AttemptFailed':
      return { ...base, status: 'ready', dueAt: event.data.retryAt ?? at };
    case 'OutcomeUnknown':
      if (payment.status !== 'asking') return payment;
      return { ...payment, dueAt: event.data.askAt, enquiries: event.data.enquiries };
    case 'GatewayChanged':
      return {
        ...base,
        ...base.fallback,
        gateway: event.data.gateway,
        fallback: undefined,
        attempt: 0,
        earlierAttempts: base.earlierAttempts + base.attempt,
        status: 'ready',
        dueAt: at,
      };
    case 'PaymentAuthorised': {
      const dueAt = base.captureWanted || base.voidWanted ? at : undefined;
      return { ...withTransaction(event.data.transactionId), status: 'authorised', dueAt, tries: 0 };
    }
    case 'CaptureRequested':
      return {
        ...payment,
        captureWanted: true,
        ...(payment.status === 'authorised' && { dueAt: at, tries: 0 }),
      };
    case 'CaptureFailed':
      return {
        ...payment,
        captureWanted: false,
        captureFailure: event.data.reason,
        ...(payment.status === 'authorised' && { dueAt: payment.voidWanted ? at : undefined }),
      };
    case 'VoidRequested':
      return {
        ...payment,
        voidWanted: true,
        ...(payment.status === 'authorised' && { dueAt: at, tries: 0 }),
      };
    case 'SettlementPostponed':
      if (payment.status !== 'authorised') return payment;
      return { ...payment, dueAt: event.data.retryAt, tries: event.data.tries };
    case 'PaymentVoided': {
      const { transactionId } = payment as { transactionId?: string };
      return { ...base, status: 'voided', transactionId };
    }
    case 'PaymentCaptured':
    case 'PaymentSucceeded':
      return { ...withTransaction(event.data.transactionId), status: 'captured' };
    case 'PaymentDeclined':
      return { ...base, status: 'declined', reason: event.data.reason };
    case 'PaymentFailed':
      return { ...base, status: 'failed', reason: event.data.reason };
    case 'RefundRequested': {
      const { refundId, amount, reason } = event.data;
      const asked: Refund = { refundId, amount, reason, status: 'pending', dueAt: at, tries: 0 };
      return { ...payment, refunds: [...payment.refunds, asked] };
    }
    case 'PaymentRefunded':
      return refund(event.data.refundId, { status: 'done' });
    case 'RefundFailed':
      return refund(event.data.refundId, { status: 'failed', failure: event.data.reason });
    case 'RefundPostponed': {
      const { refundId, transactionId, retryAt: dueAt, tries } = event.data;
      return refundId === undefined
        ? lateCharge(transactionId, { dueAt, tries })
        : refund(refundId, { dueAt, tries });
    }
    case 'LateChargeFound':
      return evolveLateCharge(payment, event);
    case 'LateChargeVoided':
    case 'LateChargeRefunded':
      return lateCharge(event.data.transactionId, { status: 'done' });
  }
};

export const foldPayment = (events: readonly PaymentEvent[], from: Payment = initialPayment): Payment =>
  events.reduce(evolve, from);

/** What can still be refunded, in minor units. */
export const refundable = (payment: Payment): number =>
  payment.status === 'captured'
    ? payment.amount.amount -
      payment.refunds
        .filter(({ status }) => status !== 'failed')
        .reduce((total, { amount }) => total + amount.amount, 0)
    : 0;
