import Stripe from 'stripe';
import { outcomeOfError, outcomeOfIntent } from './stripeOutcome';

const { errors } = Stripe;
const raw = (more: object) => more as never;
const lost = (code: string) => new errors.StripeConnectionError(raw({ message: 'x', detail: { code } }));

describe('an error of the gateway', () => {
  it.each([
    [
      'a declined card is final',
      new errors.StripeCardError(raw({ code: 'card_declined', decline_code: 'insufficient_funds' })),
      { kind: 'declined', reason: 'insufficient_funds' },
    ],
    [
      'a payment method that does not exist is declined',
      new errors.StripeInvalidRequestError(
        raw({ code: 'resource_missing', param: 'payment_method', statusCode: 400 }),
      ),
      { kind: 'declined', reason: 'resource_missing' },
    ],
    [
      'another parameter it refuses is our set-up',
      new errors.StripeInvalidRequestError(raw({ code: 'parameter_unknown', param: 'foo', statusCode: 400 })),
      { kind: 'misconfigured', error: 'parameter_unknown' },
    ],
    [
      'a wrong key is our set-up',
      new errors.StripeAuthenticationError(raw({ type: 'authentication_error', code: 'api_key_expired' })),
      { kind: 'misconfigured', error: 'api_key_expired' },
    ],
    [
      'too many requests were not processed',
      new errors.StripeRateLimitError(raw({})),
      { kind: 'retriable', error: 'rate_limited' },
    ],
    ['a refused connection sent nothing', lost('ECONNREFUSED'), { kind: 'retriable', error: 'ECONNREFUSED' }],
    ['a time-out may have charged', lost('ETIMEDOUT'), { kind: 'unknown', error: 'ETIMEDOUT' }],
    ['a reset connection may have charged', lost('ECONNRESET'), { kind: 'unknown', error: 'ECONNRESET' }],
    [
      'a 500 may have charged',
      new errors.StripeAPIError(raw({ statusCode: 500 })),
      { kind: 'unknown', error: 'http_500' },
    ],
    [
      'a key that is in use may be charging',
      new errors.StripeInvalidRequestError(raw({ code: 'idempotency_key_in_use', statusCode: 409 })),
      { kind: 'unknown', error: 'idempotency_key_in_use' },
    ],
    [
      'a key used otherwise may have charged',
      new errors.StripeIdempotencyError(raw({})),
      { kind: 'unknown', error: 'idempotency_conflict' },
    ],
    ['anything else may have charged', new TypeError('?'), { kind: 'unknown', error: 'unexpected_error' }],
  ])('%s', (_, error, outcome) => {
    expect(outcomeOfError(error)).toEqual(outcome);
  });
});

describe('a PaymentIntent', () => {
  const problem = {
    decline_code: 'do_not_honor',
    code: 'card_declined',
  } as Stripe.PaymentIntent.LastPaymentError;
  it.each([
    ['requires_capture', null, { kind: 'authorised', transactionId: 'pi_1' }],
    ['succeeded', null, { kind: 'captured', transactionId: 'pi_1' }],
    ['processing', null, { kind: 'unknown', error: 'processing' }],
    ['requires_action', null, { kind: 'declined', reason: 'authentication_required' }],
    ['canceled', null, { kind: 'voided', transactionId: 'pi_1' }],
    ['requires_payment_method', problem, { kind: 'declined', reason: 'do_not_honor' }],
    ['requires_payment_method', null, { kind: 'not_charged' }],
    ['requires_confirmation', null, { kind: 'not_charged' }],
  ] as const)('that is %s with problem %p means %p', (status, last_payment_error, outcome) => {
    expect(outcomeOfIntent({ id: 'pi_1', status, last_payment_error })).toEqual(outcome);
  });
});
