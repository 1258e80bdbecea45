import {
  ApiError,
  ArgumentsValidationError,
  AuthorizationStatus,
  type AuthorizationWithAdditionalData,
  CaptureStatus,
  type Order,
} from '@paypal/paypal-server-sdk';
import type { Outcome } from '../domain/charging';
import { nameOf, networkCode, outcomeWithoutAnswer } from './network';

/** There is no access token to be had, so nothing was sent. */
export class NoToken extends Error {
  constructor(cause: unknown) {
    super('PayPal gives us no access token', { cause });
    this.name = 'NoToken';
  }
}

/** What the customer gave us is at fault, or their bank says no. */
const DECLINES = new Set([
  'AGREEMENT_ALREADY_CANCELLED',
  'BILLING_AGREEMENT_NOT_FOUND',
  'CARD_BRAND_NOT_SUPPORTED',
  'CARD_EXPIRED',
  'COMPLIANCE_VIOLATION',
  'INSTRUMENT_DECLINED',
  'MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE',
  'PAYER_ACCOUNT_LOCKED_OR_CLOSED',
  'PAYER_ACCOUNT_RESTRICTED',
  'PAYER_ACTION_REQUIRED',
  'PAYER_CANNOT_PAY',
  'PAYMENT_SOURCE_CANNOT_BE_USED',
  'PAYMENT_SOURCE_DECLINED_BY_PROCESSOR',
  'REFERENCED_CARD_EXPIRED',
  'TOKEN_EXPIRED',
  'TOKEN_ID_NOT_FOUND',
  'TRANSACTION_BLOCKED_BY_PAYEE',
  'TRANSACTION_LIMIT_EXCEEDED',
  'TRANSACTION_REFUSED',
]);

/** PayPal's name of what is wrong: the issue, or else the kind of error. */
export const issueOf = (error: unknown): string | undefined => {
  if (!(error instanceof ApiError)) return undefined;
  const { name, details } = (error.result ?? {}) as { name?: string; details?: { issue?: string }[] };
  return details?.[0]?.issue ?? name;
};

/** What an error of an authorisation says about it. Anything not understood may have had its effect. */
export const outcomeOfError = (error: unknown): Outcome => {
  if (error instanceof NoToken) {
    const { cause } = error;
    const refused = cause instanceof ApiError && (cause.statusCode === 401 || cause.statusCode === 400);
    return refused
      ? { kind: 'misconfigured', error: 'no_access_token' }
      : { kind: 'retriable', error: 'no_access_token' };
  }
  if (error instanceof ArgumentsValidationError || error instanceof RangeError) {
    return { kind: 'misconfigured', error: 'invalid_request' };
  }
  if (!(error instanceof ApiError)) {
    const code = networkCode(error);
    // How its HTTP client calls a time-out.
    if (code === 'ECONNABORTED') return { kind: 'unknown', error: 'ETIMEDOUT' };
    return code === undefined ? { kind: 'unknown', error: 'unexpected_error' } : outcomeWithoutAnswer(code);
  }
  const { statusCode: status } = error;
  const issue = issueOf(error);
  const name = issue?.toLowerCase() ?? `http_${status}`;
  if (status === 429) return { kind: 'retriable', error: 'rate_limited' };
  // The token was good when it was given to us: the next attempt gets a new one.
  if (status === 401) return { kind: 'retriable', error: name };
  if (status === 403) return { kind: 'misconfigured', error: name };
  if (status === 409 || issue === 'ORDER_ALREADY_AUTHORIZED') return { kind: 'unknown', error: name };
  if (status >= 500 || status === 408) return { kind: 'unknown', error: `http_${status}` };
  return issue !== undefined && DECLINES.has(issue)
    ? { kind: 'declined', reason: name }
    : { kind: 'misconfigured', error: name };
};

/** The short name of what went wrong. */
export const errorOf = (error: unknown): string => nameOf(outcomeOfError(error));

type AuthorizationState = Pick<AuthorizationWithAdditionalData, 'id' | 'status' | 'processorResponse'>;

const outcomeOfAuthorization = ({ id, status, processorResponse }: AuthorizationState): Outcome => {
  if (!id) return { kind: 'unknown', error: 'no authorisation in the answer' };
  switch (status) {
    case AuthorizationStatus.Created:
      return { kind: 'authorised', transactionId: id };
    case AuthorizationStatus.Voided:
      return { kind: 'voided', transactionId: id };
    case AuthorizationStatus.Denied:
      return { kind: 'declined', reason: processorResponse?.responseCode ?? 'denied' };
    default:
      // Pending a review; or captured, which the order's captures tell more about.
      return { kind: 'unknown', error: status?.toLowerCase() ?? 'no status' };
  }
};

/** What an order says about the money it stands for. */
export const outcomeOfOrder = ({ purchaseUnits }: Pick<Order, 'purchaseUnits'>): Outcome => {
  const { authorizations = [], captures = [] } = purchaseUnits?.[0]?.payments ?? {};
  const capture = captures.find(({ status }) => TAKEN.has(status as CaptureStatus));
  const authorization =
    authorizations.find(({ status }) => status !== AuthorizationStatus.Denied) ?? authorizations[0];
  if (capture?.id) {
    return { kind: 'captured', transactionId: capture.id, authorisationId: authorization?.id };
  }
  return authorization ? outcomeOfAuthorization(authorization) : { kind: 'not_charged' };
};

/** The money came to us, whatever became of it afterwards. */
export const TAKEN = new Set<CaptureStatus>([
  CaptureStatus.Completed,
  CaptureStatus.Pending,
  CaptureStatus.PartiallyRefunded,
  CaptureStatus.Refunded,
]);
