import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';

/** Another service did not give a usable answer. */
export class UpstreamError extends Error {
  readonly code = 'UPSTREAM_UNAVAILABLE';
  constructor(
    readonly upstream: string,
    reason: string,
    /** False when asking again cannot help (the answer was understood and is an error of ours). */
    readonly retriable: boolean,
    readonly status?: number,
    options?: { cause?: unknown },
  ) {
    super(`${upstream}: ${reason}`, options);
    this.name = 'UpstreamError';
  }
}

export interface HttpClientOptions {
  /** For messages and logs: 'product'. */
  name: string;
  baseUrl: string;
  /** Per try; 2000 ms unless told. */
  timeoutMs?: number;
  /** Tries in all for GET and for requests with an Idempotency-Key header; 3 unless told. Others are tried once. */
  attempts?: number;
  /** Failures in a row that open the breaker (5), and how long it stays open (5000 ms). */
  breakAfter?: number;
  breakForMs?: number;
  /** For tests. */
  fetch?: typeof fetch;
}

export interface UpstreamAnswer {
  status: number;
  headers: Headers;
  /** Parsed JSON; undefined when the answer had no JSON. Validate it: it comes from elsewhere. */
  body: unknown;
}

export interface HttpClient {
  /**
   * Answers below 500 are returned, whatever they say.
   * @throws UpstreamError (retriable) on 5xx, 429, no connection, time-out or an open breaker.
   */
  request(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<UpstreamAnswer>;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { name, baseUrl, timeoutMs = 2000, attempts = 3, breakAfter = 5, breakForMs = 5000 } = options;
  const isTransient = handleWhen(
    (error) => (error instanceof UpstreamError && error.retriable) || error instanceof TaskCancelledError,
  );
  const breaker = circuitBreaker(isTransient, {
    halfOpenAfter: breakForMs,
    breaker: new ConsecutiveBreaker(breakAfter),
  });
  const limit = timeout(timeoutMs, TimeoutStrategy.Aggressive);
  const once = wrap(breaker, limit);
  const again = wrap(
    retry(isTransient, {
      maxAttempts: attempts - 1,
      backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 1000 }),
    }),
    once,
  );

  return {
    async request(method, path, { body, headers = {} } = {}) {
      const repeatable =
        method === 'GET' || Object.keys(headers).some((key) => key.toLowerCase() === 'idempotency-key');
      try {
        return await (repeatable ? again : once).execute(({ signal }) =>
          send(method, path, body, headers, signal),
        );
      } catch (error) {
        if (error instanceof UpstreamError) throw error;
        if (error instanceof TaskCancelledError) {
          throw new UpstreamError(name, `no answer within ${timeoutMs} ms`, true, undefined, {
            cause: error,
          });
        }
        if (error instanceof BrokenCircuitError) {
          throw new UpstreamError(name, 'failed too often just now, not asked again yet', true, undefined, {
            cause: error,
          });
        }
        throw error;
      }
    },
  };

  async function send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    let response: Response;
    try {
      response = await (options.fetch ?? fetch)(new URL(path, baseUrl), {
        method,
        signal,
        headers: {
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      throw new UpstreamError(name, 'cannot be reached', true, undefined, { cause: error });
    }
    const text = await response.text();
    if (response.status >= 500 || response.status === 429) {
      throw new UpstreamError(name, `answered ${response.status}`, true, response.status);
    }
    return { status: response.status, headers: response.headers, body: parse(text) };
  }
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
