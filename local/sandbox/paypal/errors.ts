import { randomBytes } from 'node:crypto';
import { ApiError, type CommonErrors } from '../json-api';

const error = (status: number, name: string, message: string, issue?: string, field?: string) =>
  new ApiError(status, {
    name,
    message,
    debug_id: randomBytes(7).toString('hex'),
    ...(issue && { details: [{ issue, description: message, ...(field && { field, location: 'body' }) }] }),
    links: [],
  });

/** Understood and refused: the issue says why. */
export const refused = (issue: string, message = issue) => error(422, 'UNPROCESSABLE_ENTITY', message, issue);

export const invalid = (issue: string, field: string) =>
  error(
    400,
    'INVALID_REQUEST',
    'Request is not well-formed, syntactically incorrect, or violates schema.',
    issue,
    field,
  );

export const notFound = () =>
  error(404, 'RESOURCE_NOT_FOUND', 'The specified resource does not exist.', 'INVALID_RESOURCE_ID');

export const unauthenticated = () =>
  error(
    401,
    'AUTHENTICATION_FAILURE',
    'Authentication failed due to missing authorization header, or invalid authentication credentials.',
  );

export const common: CommonErrors = {
  keyReused: () =>
    refused('DUPLICATE_REQUEST_ID', 'The value of PayPal-Request-Id header has already been used.'),
  keyInUse: () =>
    error(
      409,
      'RESOURCE_CONFLICT',
      'The server has detected a conflict while processing this request.',
      'PREVIOUS_REQUEST_IN_PROGRESS',
    ),
  rateLimited: () => error(429, 'RATE_LIMIT_REACHED', 'Too many requests. Blocked due to rate limiting.'),
  failed: () => error(500, 'INTERNAL_SERVER_ERROR', 'An internal server error has occurred.'),
};
