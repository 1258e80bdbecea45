import { createHttpClient, type HttpClient, type Send, UpstreamError } from '@platform/libs/resilience';

/** The part of every outcome that says what went wrong. Codes only: a carrier's own words may hold an address. */
export type Failure =
  | { kind: 'rejected'; reason: string }
  | { kind: 'retriable'; error: string }
  | { kind: 'unknown'; error: string }
  | { kind: 'misconfigured'; error: string };

export interface CarrierOptions {
  baseUrl: string;
  /** ms a carrier may take to sell, to be asked or to track; 20000 unless told. */
  patienceMs?: number;
  /** For tests. */
  send?: Send;
}

type Answer = Awaited<ReturnType<HttpClient['request']>>;

/** The issuer of tokens would not give one: nothing of what was to follow has been sent. */
class TokenRefused extends Error {
  constructor(readonly status: number) {
    super(`The token was refused (${status})`);
    this.name = 'TokenRefused';
  }
}

/** Nothing was sent, because the token that is needed first could not be had. */
class NothingSent extends Error {
  constructor(cause: unknown) {
    super('Nothing was sent', { cause });
    this.name = 'NothingSent';
  }
}

/** Carriers answer quotes within the limit or not at all; all else may take its time. Nothing is repeated here: that is the shipment's. */
export const createClients = (name: string, { baseUrl, patienceMs = 20_000, send }: CarrierOptions) => ({
  quick: createHttpClient({ name, baseUrl, timeoutMs: 2000, attempts: 1, send }),
  patient: createHttpClient({ name, baseUrl, timeoutMs: patienceMs, attempts: 1, send }),
});

export interface Token {
  value: string;
  /** Seconds it is good for. */
  expiresIn: number;
}

/** Fetched when first needed and shortly before it ends, once however many wait for it. */
export const createTokens = (fetchToken: () => Promise<Token>, now: () => number = Date.now) => {
  let held: { token: Promise<Token>; until: number } | undefined;
  return {
    async get(): Promise<string> {
      if (!held || now() >= held.until) {
        const token = fetchToken();
        const mine = { token, until: Number.POSITIVE_INFINITY };
        held = mine;
        token.then(
          ({ expiresIn }) => {
            mine.until = now() + Math.max(expiresIn - 60, 1) * 1000;
          },
          () => {
            if (held === mine) held = undefined;
          },
        );
      }
      try {
        return (await held.token).value;
      } catch (error) {
        throw new NothingSent(error);
      }
    },
    /** The carrier does not take it any more. */
    drop() {
      held = undefined;
    },
  };
};

export type Tokens = ReturnType<typeof createTokens>;

/** @throws TokenRefused unless the answer is 200 */
export const tokenOf = <T>({ status, body }: Answer, parse: (body: unknown) => T): T => {
  if (status !== 200) throw new TokenRefused(status);
  return parse(body);
};

/** A request with the token in `authorization`. A token that ended early is replaced once: 401 says that nothing was done. */
export const withToken =
  (tokens: Tokens) =>
  async (
    client: HttpClient,
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: unknown } = {},
  ): Promise<Answer> => {
    const send = async () => {
      const authorization = `Bearer ${await tokens.get()}`;
      return client.request(method, path, { body, headers: { ...headers, authorization } });
    };
    const first = await send();
    if (first.status !== 401) return first;
    tokens.drop();
    return send();
  };

const word = (text: unknown, otherwise: string): string => {
  const code = typeof text === 'string' ? text.replace(/[^\w.-]+/g, '_').slice(0, 60) : '';
  return code || otherwise;
};

/** What an exception says about the request that threw it. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof NothingSent) {
    const { cause } = error;
    // 4xx: our credentials. Anything else may be over in a moment.
    if (cause instanceof TokenRefused && cause.status < 500) {
      return { kind: 'misconfigured', error: `token_refused_${cause.status}` };
    }
    return { kind: 'retriable', error: 'token_unavailable' };
  }
  if (error instanceof UpstreamError) {
    if (error.status === 429) return { kind: 'retriable', error: 'rate_limited' };
    if (!error.mayHaveArrived) return { kind: 'retriable', error: 'not_reached' };
    return { kind: 'unknown', error: error.status ? `http_${error.status}` : 'no_answer' };
  }
  // An answer that could not be understood was an answer all the same.
  return { kind: 'unknown', error: 'answer_not_understood' };
};

/** What an answer below 500 that is no success says. `code`: the carrier's own. */
export const refusalOf = (status: number, code: unknown): Failure => {
  const reason = word(code, `http_${status}`);
  if (status === 401 || status === 403) return { kind: 'misconfigured', error: reason };
  // A request of ours is under way, or was, that this one collides with.
  if (status === 408 || status === 409) return { kind: 'unknown', error: reason };
  return /account|credential|authori[sz]/i.test(reason)
    ? { kind: 'misconfigured', error: reason }
    : { kind: 'rejected', reason };
};

/** An outcome where nothing can have been bought by asking: what is unknown may be asked again. */
export const harmless = (failure: Failure): Exclude<Failure, { kind: 'unknown' }> =>
  failure.kind === 'unknown' ? { kind: 'retriable', error: failure.error } : failure;

export const errorOf = (failure: Failure): string =>
  failure.kind === 'rejected' ? failure.reason : failure.error;

/** The 2xx body as `parse` understands it. @throws Refused with what the carrier said instead */
export class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(errorOf(failure));
    this.name = 'Refused';
  }
}

/** Any exception of an adapter, as the failure it stands for. */
export const asFailure = (error: unknown): Failure =>
  error instanceof Refused ? error.failure : failureOf(error);
