import type { Request, RequestHandler, Response } from 'express';
import type { Faults } from './faults';
import type { Replay } from './replay';

/** An answer in a gateway's own shape of errors. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: object,
  ) {
    super(`answered ${status}`);
  }
}

/** How a gateway says what every gateway says. */
export interface CommonErrors {
  keyReused(): ApiError;
  keyInUse(): ApiError;
  rateLimited(): ApiError;
  failed(): ApiError;
}

export interface JsonApiOptions {
  replay: Replay;
  faults: Faults;
  errors: CommonErrors;
  keyOf(request: Request): string | undefined;
  /** What a request that comes again is answered instead of its first status. */
  replayStatus?: (status: number, request: Request) => number;
}

/** What a request does: the status (200) and the body (none) of its answer. @throws ApiError */
type Handler = (request: Request) => { status?: number; body?: object };

/** Makes endpoints of a JSON API that replays keys and fails as it is told. */
export const createJsonApi = ({ replay, faults, errors, keyOf, replayStatus }: JsonApiOptions) => {
  const send = (response: Response, status: number, body: string) =>
    body === '' ? response.status(status).end() : response.status(status).type('json').send(body);
  return (handler: Handler): RequestHandler =>
    async (request, response) => {
      const isWrite = request.method === 'POST';
      let fault: ReturnType<Faults['take']>;
      const refusals = { other: errors.keyReused, underWay: errors.keyInUse };
      const asked = `${request.method} ${request.path}\n${JSON.stringify(request.body ?? {})}`;
      const result = await replay.once(isWrite ? keyOf(request) : undefined, asked, refusals, async () => {
        fault = isWrite ? faults.take(request.path) : undefined;
        if (fault === 'rate_limit') throw errors.rateLimited();
        if (fault === 'error_500') throw errors.failed();
        try {
          const { status = 200, body } = handler(request);
          return { status, body: body ? JSON.stringify(body) : '' };
        } catch (error) {
          // A refusal is an answer too, and the same the next time.
          if (error instanceof ApiError) return { status: error.status, body: JSON.stringify(error.body) };
          throw error;
        }
      });
      // The worst case for a caller: the money has moved and it never hears of it.
      if (fault === 'timeout_after_charge') return faults.hold(response);
      const status = result.replayed && replayStatus ? replayStatus(result.status, request) : result.status;
      send(response, status, result.body);
    };
};
