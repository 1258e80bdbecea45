import { StripeError } from './errors';

/** Asks stripe-mock, which knows Stripe's own API description, whether a request has the right shape. */
export type ShapeCheck = (request: {
  method: string;
  path: string;
  body: string;
  version?: string;
}) => Promise<void>;

export const noShapeCheck: ShapeCheck = async () => {};

/** The state is ours, so the mock never knows our ids: a well-formed one of its own kind stands in for each. */
const shapeCheck =
  (url: string): ShapeCheck =>
  async ({ method, path, body, version }) => {
    let response: Response;
    try {
      response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: 'Bearer sk_test_123',
          'content-type': 'application/x-www-form-urlencoded',
          ...(version && { 'stripe-version': version }),
        },
        ...(method !== 'GET' && { body }),
        signal: AbortSignal.timeout(5000),
      });
    } catch (cause) {
      throw new StripeError(503, {
        type: 'api_error',
        message: `stripe-mock at ${url} does not answer: ${(cause as Error).message}. Is it running? (STRIPE_MOCK_URL)`,
      });
    }
    const answer = (await response.json().catch(() => ({}))) as { error?: { type: string; message: string } };
    if (response.status >= 400 && response.status < 500 && response.status !== 404) {
      throw new StripeError(400, {
        type: 'invalid_request_error',
        code: 'parameter_invalid',
        message: answer.error?.message ?? `stripe-mock answered ${response.status}`,
      });
    }
  };

export const createShapeCheck = (url?: string): ShapeCheck =>
  url ? shapeCheck(url.replace(/\/$/, '')) : noShapeCheck;
