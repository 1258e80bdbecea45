import { ApiError, type CommonErrors } from '../json-api';

type Category =
  | 'API_ERROR'
  | 'AUTHENTICATION_ERROR'
  | 'INVALID_REQUEST_ERROR'
  | 'PAYMENT_METHOD_ERROR'
  | 'RATE_LIMIT_ERROR'
  | 'REFUND_ERROR';

const error = (
  status: number,
  category: Category,
  code: string,
  more: { detail?: string; field?: string } = {},
  payment?: object,
) => new ApiError(status, { errors: [{ category, code, ...more }], ...(payment && { payment }) });

export const invalid = (code: string, field: string, detail?: string) =>
  error(400, 'INVALID_REQUEST_ERROR', code, { field, ...(detail && { detail }) });

export const notFound = (detail: string, field?: string) =>
  error(404, 'INVALID_REQUEST_ERROR', 'NOT_FOUND', { detail, ...(field && { field }) });

export const wrongState = (id: string, status: string) =>
  error(400, 'INVALID_REQUEST_ERROR', 'BAD_REQUEST', { detail: `Payment ${id} is in state ${status}.` });

export const declined = (code: string, payment: object) =>
  error(400, 'PAYMENT_METHOD_ERROR', code, { detail: `Authorization error: '${code}'` }, payment);

export const noRefund = (code: string, detail: string) => error(400, 'REFUND_ERROR', code, { detail });

export const unauthenticated = () =>
  error(401, 'AUTHENTICATION_ERROR', 'UNAUTHORIZED', { detail: 'This request could not be authorized.' });

export const common: CommonErrors = {
  keyReused: () =>
    invalid(
      'IDEMPOTENCY_KEY_REUSED',
      'idempotency_key',
      'Different request parameters used for the same idempotency_key.',
    ),
  keyInUse: () => error(409, 'API_ERROR', 'CONFLICT', { detail: 'The request is still being processed.' }),
  rateLimited: () => error(429, 'RATE_LIMIT_ERROR', 'RATE_LIMITED'),
  failed: () => error(500, 'API_ERROR', 'INTERNAL_SERVER_ERROR'),
};
