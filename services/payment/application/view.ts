import type { Payment } from '../domain/payment';
import type { PaymentView, PublicStatus } from './ports';

const STATUS: Record<Exclude<Payment['status'], 'none'>, PublicStatus> = {
  ready: 'pending',
  asking: 'pending',
  succeeded: 'succeeded',
  declined: 'declined',
  failed: 'failed',
  // The money is on its way back: for the customer this payment has failed already.
  refunding: 'failed',
  refunded: 'refunded',
};

export const viewOf = (payment: Payment, times: { createdAt: string; updatedAt: string }): PaymentView => {
  if (payment.status === 'none') throw new Error('There is no payment to look at.');
  return {
    id: payment.paymentId,
    orderId: payment.orderId,
    status: STATUS[payment.status],
    amount: payment.amount,
    gateway: payment.gateway,
    ...('transactionId' in payment && { transactionId: payment.transactionId }),
    ...('reason' in payment && { reason: payment.reason }),
    ...times,
  };
};
