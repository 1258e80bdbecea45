import { IdempotencyKeyReused } from '../idempotency';
import { holdsNul, isDatabaseUnavailable } from '../postgres';
import { Problem, unavailable } from './problem';

/** What express and body-parser put on their errors. */
interface HttpError extends Error {
  status?: number;
  type?: string;
  /** Whether it is the caller's fault and may be told. Errors of other servers' clients have a status too, but not this. */
  expose?: boolean;
  limit?: number;
}

/** Any error as a Problem. What is not meant for the outside becomes a 500 that tells nothing. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof IdempotencyKeyReused) {
    return new Problem(422, {
      code: 'idempotency-key-reused',
      detail: `${error.message}. Use a new key for a new ${error.what}.`,
      errors: [{ in: 'headers', pointer: '#/idempotency-key', detail: 'Used for a different request.' }],
    });
  }
  const { type, status, expose, limit } = (error ?? {}) as HttpError;
  switch (type) {
    case 'entity.too.large':
      return new Problem(413, {
        code: 'body-too-large',
        detail: `The body may have ${limit} bytes at most.`,
      });
    case 'entity.parse.failed':
      return new Problem(400, { code: 'malformed-json', detail: 'The body is not valid JSON.' });
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new Problem(415, { code: 'unsupported-encoding', detail: 'Send UTF-8, plain or gzip.' });
  }
  if (error instanceof URIError || (expose && status !== undefined && status >= 400 && status < 500)) {
    return new Problem(400, {
      code: 'malformed-request',
      detail: 'The request cannot be read.',
      cause: error,
    });
  }
  // Any text of a request may.
  if (holdsNul(error)) {
    return new Problem(400, {
      code: 'malformed-request',
      detail: 'The request holds text with the character NUL, which nothing here can hold.',
      cause: error,
    });
  }
  if (isDatabaseUnavailable(error)) {
    return unavailable('The service cannot reach its database, try again shortly.', error);
  }
  if ((error as { retriable?: unknown } | undefined)?.retriable === true) {
    return unavailable('The service cannot do this at the moment, try again shortly.', error);
  }
  return new Problem(500, {
    code: 'internal',
    detail: 'Something went wrong on our side. Quote the request id when you report it.',
    retriable: false,
    cause: error,
  });
}
