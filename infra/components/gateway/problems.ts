// What the gateway itself answers, in the same shape as the services do (RFC 9457).

export interface Problem {
  status: number;
  code: string;
  title: string;
  /** For people. Unset: what the proxy says. */
  detail?: string;
  retriable: boolean;
}

export const problems: Problem[] = [
  { status: 401, code: 'not-authenticated', title: 'Unauthorized', retriable: false },
  {
    status: 403,
    code: 'forbidden',
    title: 'Forbidden',
    detail: 'The access token does not allow this.',
    retriable: false,
  },
  {
    status: 404,
    code: 'not-found',
    title: 'Not Found',
    detail: 'There is nothing at this address.',
    retriable: false,
  },
  {
    status: 405,
    code: 'method-not-allowed',
    title: 'Method Not Allowed',
    detail: 'This address takes the methods in Allow.',
    retriable: false,
  },
  {
    status: 413,
    code: 'body-too-large',
    title: 'Content Too Large',
    detail: 'The body is larger than this address takes.',
    retriable: false,
  },
  {
    status: 429,
    code: 'too-many-requests',
    title: 'Too Many Requests',
    detail: 'Too many requests. Try again after the time in Retry-After.',
    retriable: true,
  },
  {
    status: 503,
    code: 'unavailable',
    title: 'Service Unavailable',
    detail: 'The service cannot be reached at the moment, try again shortly.',
    retriable: true,
  },
  {
    status: 504,
    code: 'timeout',
    title: 'Gateway Timeout',
    detail: 'The service did not answer in time; what was asked for may have happened.',
    retriable: true,
  },
];

/** The document; values may be a proxy's own placeholders. */
export const problemDocument = (
  { code, title, detail, retriable }: Problem,
  placeholders: { status: string; said: string; requestId: string },
) => ({
  type: `urn:ecommerce-platform:problem:${code}`,
  title,
  status: placeholders.status,
  detail: detail ?? placeholders.said,
  retriable,
  requestId: placeholders.requestId,
});
