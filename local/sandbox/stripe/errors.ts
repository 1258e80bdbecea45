/** An answer in Stripe's error shape: {error: {type, message, code?, decline_code?, param?, payment_intent?}}. */
export class StripeError extends Error {
  constructor(
    readonly status: number,
    readonly body: {
      type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
      message: string;
      code?: string;
      decline_code?: string;
      param?: string;
      charge?: string;
      payment_intent?: unknown;
    },
  ) {
    super(body.message);
  }
}

export const invalid = (message: string, more: { param?: string; code?: string; status?: number } = {}) => {
  const { status = 400, ...rest } = more;
  return new StripeError(status, { type: 'invalid_request_error', message, ...rest });
};

export const notFound = (kind: string, id: string, param = 'id', status = 404) =>
  invalid(`No such ${kind}: '${id}'`, { code: 'resource_missing', param, status });
