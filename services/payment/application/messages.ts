import { type CloudEvent, createEvent } from '@platform/libs/messaging';
import { isAnswered, type Payment } from '../domain/payment';

export const ORDER_TOPIC = 'order.order.v1';
export const PAYMENT_TOPIC = 'payment.payment.v1';
export const USER_TOPIC = 'user.user.v1';

/**
 * How a payment ended, for the order; undefined while it has not. `id` is given where the same fact is to have the same id.
 * A charge that was found late and given back was told as what it ended as before.
 */
export const answerOf = (payment: Payment, at: string, id?: string): CloudEvent | undefined => {
  if (payment.status === 'none' || !isAnswered(payment)) return undefined;
  const { orderId, paymentId, gateway, amount } = payment;
  const answer = (type: string, data: object) =>
    createEvent({ id, source: '/payment-service', type, subject: orderId, time: new Date(at), data });
  switch (payment.status) {
    case 'succeeded':
      return answer('payment.succeeded.v1', {
        orderId,
        paymentId,
        gateway,
        transactionId: payment.transactionId,
        amount,
      });
    case 'declined':
      return answer('payment.declined.v1', { orderId, paymentId, gateway, reason: payment.reason });
    default:
      return answer('payment.failed.v1', {
        orderId,
        paymentId,
        reason: 'reason' in payment ? payment.reason : '',
      });
  }
};
