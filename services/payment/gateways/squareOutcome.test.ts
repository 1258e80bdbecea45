import { SquareError, SquareTimeoutError } from 'square';
import { outcomeOfError } from './squareOutcome';
import { outcomeOfPayment } from './squareState';

const said = (statusCode: number, category: string, code: string, field?: string) =>
  new SquareError({ statusCode, body: { errors: [{ category, code, ...(field && { field }) }] } });
const lost = (cause: unknown) => new SquareError({ message: 'x', cause });

it.each<[string, unknown, object]>([
  [
    'a declined card is final',
    said(400, 'PAYMENT_METHOD_ERROR', 'INSUFFICIENT_FUNDS'),
    { kind: 'declined', reason: 'insufficient_funds' },
  ],
  [
    'a token that is none is declined',
    said(404, 'INVALID_REQUEST_ERROR', 'NOT_FOUND', 'source_id'),
    { kind: 'declined', reason: 'not_found' },
  ],
  [
    'another parameter it refuses is our set-up',
    said(400, 'INVALID_REQUEST_ERROR', 'INVALID_VALUE', 'location_id'),
    { kind: 'misconfigured', error: 'invalid_value' },
  ],
  [
    'a wrong token is our set-up',
    said(401, 'AUTHENTICATION_ERROR', 'UNAUTHORIZED'),
    { kind: 'misconfigured', error: 'unauthorized' },
  ],
  [
    'too many requests were not processed',
    said(429, 'RATE_LIMIT_ERROR', 'RATE_LIMITED'),
    { kind: 'retriable', error: 'rate_limited' },
  ],
  [
    'a key used otherwise may have charged',
    said(400, 'INVALID_REQUEST_ERROR', 'IDEMPOTENCY_KEY_REUSED'),
    { kind: 'unknown', error: 'idempotency_key_reused' },
  ],
  [
    'a 503 may have charged',
    said(503, 'API_ERROR', 'SERVICE_UNAVAILABLE'),
    { kind: 'unknown', error: 'http_503' },
  ],
  [
    'a refused connection sent nothing',
    lost(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })),
    { kind: 'retriable', error: 'ECONNREFUSED' },
  ],
  ['a time-out may have charged', new SquareTimeoutError('x'), { kind: 'unknown', error: 'ETIMEDOUT' }],
  ['so may one said in a word', lost('timeout'), { kind: 'unknown', error: 'ETIMEDOUT' }],
  ['so may a lost connection', lost(new Error('?')), { kind: 'unknown', error: 'connection_lost' }],
  ['so may anything else', new TypeError('?'), { kind: 'unknown', error: 'unexpected_error' }],
])('%s', (_, error, outcome) => {
  expect(outcomeOfError(error)).toEqual(outcome);
});

it.each([
  ['APPROVED', { kind: 'authorised', transactionId: 'sq_1' }],
  ['COMPLETED', { kind: 'captured', transactionId: 'sq_1' }],
  ['CANCELED', { kind: 'voided', transactionId: 'sq_1' }],
  ['FAILED', { kind: 'declined', reason: 'failed' }],
  ['PENDING', { kind: 'unknown', error: 'pending' }],
])('a payment that is %s means %p', (status, outcome) => {
  expect(outcomeOfPayment({ id: 'sq_1', status })).toEqual(outcome);
});
