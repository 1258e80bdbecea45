import Stripe from 'stripe';
import type { Outcome } from '../domain/charging';
import { nameOf, outcomeWithoutAnswer } from './network';

const { errors } = Stripe;

/** What the customer gave us is at fault, not our set-up. */
const CUSTOMERS_FAULT = new Set(['payment_method', 'payment_method_data', 'source']);

/** The short reason a card was declined for: a code, never a text that could name the customer. */
const declineReason = (error: { decline_code?: string | null; code?: string | null }): string =>
  error.decline_code ?? error.code ?? 'card_declined';

/** What an error of a charge says about the charge. Anything not understood may have charged. */
export const outcomeOfError = (error: unknown): Outcome => {
  if (error instanceof errors.StripeCardError) return { kind: 'declined', reason: declineReason(error) };
  if (error instanceof errors.StripeRateLimitError) return { kind: 'retriable', error: 'rate_limited' };
  if (error instanceof errors.StripeConnectionError) {
    const code = (error.detail as { code?: string } | undefined)?.code ?? 'connection_lost';
    return outcomeWithoutAnswer(code);
  }
  if (error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError) {
    return { kind: 'misconfigured', error: error.code ?? error.type };
  }
  // Our key is in use by a request still running (409), or was used with other parameters: something of ours exists there.
  if (error instanceof errors.StripeIdempotencyError)
    return { kind: 'unknown', error: 'idempotency_conflict' };
  if (error instanceof errors.StripeInvalidRequestError) {
    if (error.statusCode === 409) return { kind: 'unknown', error: error.code ?? 'conflict' };
    return error.param && CUSTOMERS_FAULT.has(error.param)
      ? { kind: 'declined', reason: error.code ?? 'invalid_payment_method' }
      : { kind: 'misconfigured', error: error.code ?? 'invalid_request' };
  }
  const status = (error as { statusCode?: number } | undefined)?.statusCode;
  return { kind: 'unknown', error: status ? `http_${status}` : 'unexpected_error' };
};

/** The short name of what went wrong. */
export const errorOf = (error: unknown): string => nameOf(outcomeOfError(error));

type IntentState = Pick<Stripe.PaymentIntent, 'id' | 'status' | 'last_payment_error'>;

/** What a PaymentIntent says about the charge it stands for. */
export const outcomeOfIntent = ({ id, status, last_payment_error: problem }: IntentState): Outcome => {
  switch (status) {
    case 'requires_capture':
      return { kind: 'authorised', transactionId: id };
    case 'succeeded':
      return { kind: 'captured', transactionId: id };
    case 'processing':
      return { kind: 'unknown', error: 'processing' };
    case 'requires_action':
      // Nobody is there to answer the bank's question.
      return { kind: 'declined', reason: 'authentication_required' };
    case 'canceled':
      return { kind: 'voided', transactionId: id };
    case 'requires_payment_method':
      return problem ? { kind: 'declined', reason: declineReason(problem) } : { kind: 'not_charged' };
    default:
      return { kind: 'not_charged' };
  }
};
