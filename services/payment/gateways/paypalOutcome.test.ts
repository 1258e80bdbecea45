import {
  ApiError,
  ArgumentsValidationError,
  AuthorizationStatus,
  CaptureStatus,
} from '@paypal/paypal-server-sdk';
import { NoToken, outcomeOfError, outcomeOfOrder } from './paypalOutcome';

const said = (statusCode: number, name: string, issue?: string) => {
  const body = JSON.stringify({ name, ...(issue && { details: [{ issue }] }) });
  const error = new ApiError(
    { request: { method: 'POST', url: 'x' }, response: { statusCode, headers: {}, body } },
    'x',
  );
  return Object.assign(error, { result: JSON.parse(body) });
};
const lost = (code: string) => Object.assign(new Error('x'), { code });

it.each<[string, unknown, object]>([
  [
    'a declined card is final',
    said(422, 'UNPROCESSABLE_ENTITY', 'INSTRUMENT_DECLINED'),
    { kind: 'declined', reason: 'instrument_declined' },
  ],
  [
    'a token that is none is declined',
    said(422, 'UNPROCESSABLE_ENTITY', 'TOKEN_ID_NOT_FOUND'),
    { kind: 'declined', reason: 'token_id_not_found' },
  ],
  [
    'another issue is our set-up',
    said(422, 'UNPROCESSABLE_ENTITY', 'AUTH_CAPTURE_NOT_ENABLED'),
    { kind: 'misconfigured', error: 'auth_capture_not_enabled' },
  ],
  [
    'what it may not do is our set-up',
    said(403, 'NOT_AUTHORIZED', 'PERMISSION_DENIED'),
    { kind: 'misconfigured', error: 'permission_denied' },
  ],
  [
    'a token that is good no more is got anew',
    said(401, 'AUTHENTICATION_FAILURE'),
    { kind: 'retriable', error: 'authentication_failure' },
  ],
  [
    'credentials that get no token are our set-up',
    new NoToken(said(401, 'invalid_client')),
    { kind: 'misconfigured', error: 'no_access_token' },
  ],
  [
    'a token that cannot be got now sent nothing',
    new NoToken(lost('ETIMEDOUT')),
    { kind: 'retriable', error: 'no_access_token' },
  ],
  [
    'too many requests were not processed',
    said(429, 'RATE_LIMIT_REACHED'),
    { kind: 'retriable', error: 'rate_limited' },
  ],
  [
    'a key that is in use may be charging',
    said(409, 'RESOURCE_CONFLICT', 'PREVIOUS_REQUEST_IN_PROGRESS'),
    { kind: 'unknown', error: 'previous_request_in_progress' },
  ],
  [
    'an order that is authorised already has charged',
    said(422, 'UNPROCESSABLE_ENTITY', 'ORDER_ALREADY_AUTHORIZED'),
    { kind: 'unknown', error: 'order_already_authorized' },
  ],
  ['a 500 may have charged', said(500, 'INTERNAL_SERVER_ERROR'), { kind: 'unknown', error: 'http_500' }],
  ['a refused connection sent nothing', lost('ECONNREFUSED'), { kind: 'retriable', error: 'ECONNREFUSED' }],
  ['a time-out may have charged', lost('ECONNABORTED'), { kind: 'unknown', error: 'ETIMEDOUT' }],
  ['a reset connection may have charged', lost('ECONNRESET'), { kind: 'unknown', error: 'ECONNRESET' }],
  [
    'what the library refuses to send is our set-up',
    new ArgumentsValidationError({}),
    { kind: 'misconfigured', error: 'invalid_request' },
  ],
  ['anything else may have charged', new TypeError('?'), { kind: 'unknown', error: 'unexpected_error' }],
])('%s', (_, error, outcome) => {
  expect(outcomeOfError(error)).toEqual(outcome);
});

describe('an order', () => {
  const { Created, Voided, Denied, Pending } = AuthorizationStatus;
  const order = (...statuses: AuthorizationStatus[]) => ({
    purchaseUnits: [
      { payments: { authorizations: statuses.map((status, i) => ({ id: `A${i + 1}`, status })) } },
    ],
  });
  it.each([
    ['nothing', order(), { kind: 'not_charged' }],
    ['an authorisation', order(Created), { kind: 'authorised', transactionId: 'A1' }],
    ['a second try that went well', order(Denied, Created), { kind: 'authorised', transactionId: 'A2' }],
    ['a refusal', order(Denied), { kind: 'declined', reason: 'denied' }],
    ['a voided authorisation', order(Voided), { kind: 'voided', transactionId: 'A1' }],
    ['a review', order(Pending), { kind: 'unknown', error: 'pending' }],
  ])('with %s says so', (_, given, outcome) => {
    expect(outcomeOfOrder(given)).toEqual(outcome);
  });
  it('with a capture was taken, also when it was given back since', () => {
    for (const status of [CaptureStatus.Completed, CaptureStatus.Refunded]) {
      const payments = {
        authorizations: [{ id: 'A1', status: AuthorizationStatus.Captured }],
        captures: [{ id: 'C1', status }],
      };
      const outcome = { kind: 'captured', transactionId: 'C1', authorisationId: 'A1' };
      expect(outcomeOfOrder({ purchaseUnits: [{ payments }] })).toEqual(outcome);
    }
  });
});
