import type { KnownPayment } from '../domain/payment';
import type { PaymentView, PublicStatus } from './ports';

const STATUS: Record<KnownPayment['status'], PublicStatus> = {
  ready: 'pending',
  asking: 'pending',
  authorised: 'authorised',
  captured: 'succeeded',
  voided: 'voided',
  declined: 'declined',
  failed: 'failed',
};

/** What was given back of what was taken, in minor units. */
const refundedOf = ({ refunds }: KnownPayment): number =>
  refunds.filter(({ status }) => status === 'done').reduce((total, { amount }) => total + amount.amount, 0);

const statusOf = (payment: KnownPayment): PublicStatus => {
  const { status, amount, lateCharges } = payment;
  if (status === 'captured' && refundedOf(payment) === amount.amount) return 'refunded';
  const ended = status === 'declined' || status === 'failed' || status === 'voided';
  // A charge that should not have been: the customer saw it come and go.
  const cameAndWent = lateCharges.some((late) => late.captured && late.status === 'done');
  return ended && cameAndWent ? 'refunded' : STATUS[status];
};

export const viewOf = (
  payment: KnownPayment,
  times: { createdAt: string; updatedAt: string },
): PaymentView => {
  const refunded = refundedOf(payment);
  return {
    id: payment.paymentId,
    orderId: payment.orderId,
    status: statusOf(payment),
    amount: payment.amount,
    gateway: payment.gateway,
    ...('transactionId' in payment && { transactionId: payment.transactionId }),
    ...('reason' in payment && { reason: payment.reason }),
    ...(refunded > 0 && { refunded: { ...payment.amount, amount: refunded } }),
    ...times,
  };
};
