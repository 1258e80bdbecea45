import {
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  TaskCancelledError,
} from 'cockatiel';

/** Another service did not give a usable answer. */
export class UpstreamError extends Error {
  readonly code = 'UPSTREAM_UNAVAILABLE';
  /** False where it is certain that the request never arrived, and so had no effect. */
  readonly mayHaveArrived: boolean;
  constructor(
    readonly upstream: string,
    reason: string,
    /** False when asking again cannot help (the answer was understood and is an error of ours). */
    readonly retriable: boolean,
    readonly status?: number,
    { mayHaveArrived = true, ...options }: { cause?: unknown; mayHaveArrived?: boolean } = {},
  ) {
    super(`${upstream}: ${reason}`, options);
    this.name = 'UpstreamError';
    this.mayHaveArrived = mayHaveArrived;
  }
}

/** One place a request can go to. */
export interface Endpoint {
  baseUrl: string;
  /** The name it is asked under (`host`); that of `baseUrl` unless told. */
  authority?: string;
}

/** Chooses where each try goes, and keeps away from what fails. */
export interface Endpoints {
  /** @throws BrokenCircuitError when every place failed too often just now, else whatever `work` throws */
  run<T>(work: (endpoint: Endpoint) => Promise<T>): Promise<T>;
}

/** What may be better at the next try, and what counts against the place that was asked. */
export const isTransient = handleWhen(
  (error) => (error instanceof UpstreamError && error.retriable) || error instanceof TaskCancelledError,
);

export interface BreakerFigures {
  /** Failures in a row that open the breaker; 5 unless told. */
  breakAfter?: number;
  /** How long it stays open before one request may try again; 5000 ms unless told. */
  breakForMs?: number;
}

export const createBreaker = ({ breakAfter = 5, breakForMs = 5000 }: BreakerFigures): CircuitBreakerPolicy =>
  circuitBreaker(isTransient, { halfOpenAfter: breakForMs, breaker: new ConsecutiveBreaker(breakAfter) });

/** The same place every time. */
export function oneEndpoint(endpoint: Endpoint, figures: BreakerFigures): Endpoints {
  const breaker = createBreaker(figures);
  return { run: (work) => breaker.execute(() => work(endpoint)) };
}
