import type { Logger } from '@platform/libs/telemetry';
import { isKnown } from '../domain/payment';
import { type Change, PaymentProcessingError } from './ports';

/** R2's events, and what somebody has to know about, as structured log lines. */
export const report = ({ after, events }: Change, logger: Logger): void => {
  if (!isKnown(after)) return;
  const { paymentId, orderId, gateway, amount } = after;
  const base = { paymentId, orderId, gateway };
  for (const { type, data } of events) {
    switch (type) {
      case 'PaymentAuthorised': {
        const { transactionId, attempt, source } = data;
        const facts = { ...base, transactionId, amount, attempt, source };
        logger.info({ event: 'payment_success', ...facts }, 'authorised');
        break;
      }
      case 'PaymentCaptured':
        logger.info(
          { event: 'payment_captured', ...base, transactionId: data.transactionId, amount },
          'taken',
        );
        break;
      case 'AttemptFailed': {
        const { error, attempt, willRetry } = data;
        logger.warn(
          { event: 'payment_retry', ...base, error, attempt, willRetry },
          'a payment attempt failed',
        );
        break;
      }
      case 'OutcomeUnknown':
        logger.warn(
          { ...base, error: data.error, attempt: data.attempt, enquiries: data.enquiries },
          'charged or not is unknown',
        );
        break;
      case 'GatewayChanged':
        logger.warn({ event: 'payment_fallback', ...base, reason: data.reason }, 'goes to the fallback');
        break;
      case 'PaymentDeclined':
        logger.info({ event: 'payment_declined', ...base, reason: data.reason }, 'declined');
        break;
      case 'PaymentFailed':
        logger.error(
          { event: 'payment_failed', ...base, err: new PaymentProcessingError(data.reason, data.attempts) },
          'payment failed',
        );
        break;
      case 'CaptureFailed':
        logger.error({ event: 'payment_capture_failed', ...base, reason: data.reason }, 'not to be had');
        break;
      case 'PaymentVoided':
        logger.info({ event: 'payment_voided', ...base }, 'called off');
        break;
      case 'SettlementPostponed':
        logger.error(
          { ...base, settlement: data.settlement, error: data.error, tries: data.tries },
          'an authorisation cannot be settled yet',
        );
        break;
      case 'LateChargeFound':
        logger.error(
          { ...base, gateway: data.gateway ?? gateway, transactionId: data.transactionId },
          'a gateway holds money that is none of this payment: giving it back',
        );
        break;
      case 'RefundPostponed':
        logger.error(
          { ...base, error: data.error, tries: data.tries },
          'money is owed to a customer and cannot be given back yet',
        );
        break;
      case 'RefundFailed':
        logger.error(
          { event: 'payment_refund_failed', ...base, refundId: data.refundId, reason: data.reason },
          'money is owed to a customer and the gateway will not give it back',
        );
        break;
      case 'PaymentRefunded':
        logger.info(
          { event: 'payment_refunded', ...base, refundId: data.refundId, refunded: data.amount },
          'given back',
        );
        break;
      case 'LateChargeVoided':
      case 'LateChargeRefunded':
        logger.info({ ...base, transactionId: data.transactionId }, 'given back');
        break;
    }
  }
};
