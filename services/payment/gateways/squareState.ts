import type { Square } from 'square';
import type { Outcome } from '../domain/charging';

type PaymentState = Pick<Square.Payment, 'id' | 'status' | 'cardDetails'>;

/** What a Square payment says about the money it stands for. */
export const outcomeOfPayment = ({ id, status, cardDetails }: PaymentState): Outcome => {
  if (!id) return { kind: 'unknown', error: 'no payment in the answer' };
  switch (status) {
    case 'APPROVED':
      return { kind: 'authorised', transactionId: id };
    case 'COMPLETED':
      return { kind: 'captured', transactionId: id };
    case 'CANCELED':
      return { kind: 'voided', transactionId: id };
    case 'FAILED':
      return { kind: 'declined', reason: cardDetails?.errors?.[0]?.code.toLowerCase() ?? 'failed' };
    default:
      // PENDING: Square itself does not know yet.
      return { kind: 'unknown', error: status?.toLowerCase() ?? 'no status' };
  }
};
