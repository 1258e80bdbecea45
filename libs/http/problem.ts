/** One thing that is wrong with a request. */
export interface ProblemDetail {
  /** Which part of the request it is about. */
  in: 'body' | 'query' | 'params' | 'headers';
  /** JSON pointer into that part: '#/items/0/quantity'. */
  pointer: string;
  detail: string;
}

export interface ProblemOptions {
  /** Ends the type: 'urn:ecommerce-platform:problem:<code>'; stable, for programs. */
  code: string;
  /** For people: what is wrong and what to do. Never holds secrets or someone else's data. */
  detail: string;
  /** Whether the same request may succeed later; true for 429, 502, 503, 504 unless told. */
  retriable?: boolean;
  errors?: ProblemDetail[];
  headers?: Record<string, string>;
  /** Further members of the problem document. */
  extensions?: Record<string, unknown>;
  cause?: unknown;
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
const RETRIABLE = new Set([429, 502, 503, 504]);

/** An answer of application/problem+json (RFC 9457), thrown from anywhere below a route's handler. */
export class Problem extends Error {
  readonly retriable: boolean;
  constructor(
    readonly status: number,
    readonly options: ProblemOptions,
  ) {
    super(options.detail, { cause: options.cause });
    this.name = 'Problem';
    this.retriable = options.retriable ?? RETRIABLE.has(status);
  }

  get code(): string {
    return this.options.code;
  }

  /** The document as it is sent. */
  toJSON(): Record<string, unknown> {
    const { code, detail, errors, extensions } = this.options;
    return {
      type: `urn:ecommerce-platform:problem:${code}`,
      title: TITLES[this.status] ?? 'Error',
      status: this.status,
      detail,
      retriable: this.retriable,
      ...(errors && { errors }),
      ...extensions,
    };
  }
}

export const notFound = (detail: string): Problem => new Problem(404, { code: 'not-found', detail });
export const conflict = (code: string, detail: string): Problem => new Problem(409, { code, detail });
export const forbidden = (detail: string): Problem => new Problem(403, { code: 'forbidden', detail });
export const unavailable = (detail: string, cause?: unknown): Problem =>
  new Problem(503, { code: 'unavailable', detail, cause });
export const unauthorized = (code: string, detail: string): Problem =>
  new Problem(401, { code, detail, headers: { 'www-authenticate': 'Bearer' } });
export const invalidRequest = (
  errors: ProblemDetail[],
  detail = 'The request is not valid, see errors.',
): Problem => new Problem(400, { code: 'invalid-request', detail, errors });
