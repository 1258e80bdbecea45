import {
  BrokenCircuitError,
  ExponentialBackoff,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
} from 'cockatiel';
import {
  type BreakerFigures,
  type Endpoint,
  type Endpoints,
  isTransient,
  oneEndpoint,
  UpstreamError,
} from './endpoints';
import { type IncomingAnswer, type Send, send } from './send';

export interface HttpClientOptions extends BreakerFigures {
  /** For messages and logs: 'product'. */
  name: string;
  baseUrl: string;
  /** Where requests go instead of always to `baseUrl`; then the breakers are theirs. */
  endpoints?: Endpoints;
  /** Per try; 2000 ms unless told. */
  timeoutMs?: number;
  /** Tries in all for GET and for requests with an Idempotency-Key header; 3 unless told. Others are tried once. */
  attempts?: number;
  /** For tests. */
  send?: Send;
}

export interface UpstreamAnswer {
  status: number;
  /** Parsed JSON; undefined when the answer had no JSON. Validate it: it comes from elsewhere. */
  body: unknown;
}

export interface HttpClient {
  /**
   * Answers below 500 are returned, whatever they say. A body is sent as JSON, URLSearchParams as a form.
   * @throws UpstreamError (retriable) on 5xx, 429, no connection, time-out or an open breaker.
   */
  request(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<UpstreamAnswer>;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { name, baseUrl, timeoutMs = 2000, attempts = 3, breakAfter, breakForMs } = options;
  const endpoints = options.endpoints ?? oneEndpoint({ baseUrl }, { breakAfter, breakForMs });
  const limit = timeout(timeoutMs, TimeoutStrategy.Aggressive);
  const again = retry(isTransient, {
    maxAttempts: attempts - 1,
    backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 1000 }),
  });

  return {
    async request(method, path, { body, headers = {} } = {}) {
      const repeatable =
        method === 'GET' || Object.keys(headers).some((key) => key.toLowerCase() === 'idempotency-key');
      const once = () =>
        endpoints.run((endpoint) =>
          limit.execute(({ signal }) => exchange(endpoint, method, path, { body, headers, signal })),
        );
      try {
        return await (repeatable ? again.execute(once) : once());
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
            mayHaveArrived: false,
          });
        }
        throw error;
      }
    },
  };

  async function exchange(
    endpoint: Endpoint,
    method: string,
    path: string,
    { body, headers, signal }: { body: unknown; headers: Record<string, string>; signal: AbortSignal },
  ): Promise<UpstreamAnswer> {
    const { authority, baseUrl } = endpoint;
    const content = encode(body);
    let answer: IncomingAnswer;
    try {
      answer = await (options.send ?? send)(new URL(path, baseUrl), {
        method,
        signal,
        headers: {
          accept: 'application/json',
          ...(authority !== undefined && { host: authority }),
          ...(content && { 'content-type': content.type }),
          ...headers,
        },
        body: content?.text,
      });
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      throw new UpstreamError(name, 'cannot be reached', true, undefined, {
        cause: error,
        mayHaveArrived: !NEVER_SENT.has(code),
      });
    }
    const { status } = answer;
    if (status >= 500 || status === 429) {
      throw new UpstreamError(name, `answered ${status}`, true, status);
    }
    return { status, body: parse(answer.body) };
  }
}

/** The connection never came about. */
const NEVER_SENT = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  'UND_ERR_CONNECT_TIMEOUT',
]);

const encode = (body: unknown): { type: string; text: string } | undefined => {
  if (body === undefined) return undefined;
  return body instanceof URLSearchParams
    ? { type: 'application/x-www-form-urlencoded;charset=UTF-8', text: body.toString() }
    : { type: 'application/json', text: JSON.stringify(body) };
};

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
