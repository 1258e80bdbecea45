import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { instruments, type Logger, requestAttributes } from '../telemetry';

const ACCEPTED_ID = /^[\w-]{8,64}$/;

/**
 * Request id, metrics and one log line per request, in one listener. Written here and not with pino-http, which makes
 * and serialises a child logger per request: on product reads that cost more than the query. Only the path is logged,
 * never query, headers or body: they carry personal data and tokens.
 */
export function observe(logger: Logger): RequestHandler {
  const { apiRequestDuration, apiRequests, apiErrors } = instruments();
  return (request: Request, response: Response, next: NextFunction) => {
    const started = performance.now();
    const given = request.headers['x-request-id'];
    const requestId = typeof given === 'string' && ACCEPTED_ID.test(given) ? given : randomUUID();
    response.locals.requestId = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.on('close', () => {
      const waited = (response.locals.waitedMs as number | undefined) ?? 0;
      const milliseconds = performance.now() - started - waited;
      const aborted = !response.writableFinished;
      // 499, as gateways call it, when the caller left before the answer.
      const status = aborted ? 499 : response.statusCode;
      const route = (response.locals.route as string | undefined) ?? 'none';
      const attributes = requestAttributes(request.method, route, status);
      apiRequestDuration.record(milliseconds / 1000, attributes);
      apiRequests.add(1, attributes);
      const error = response.locals.error as unknown;
      const line = {
        requestId,
        method: request.method,
        path: request.path,
        status,
        ms: Math.round(milliseconds * 10) / 10,
        ...(error !== undefined && status >= 500 && { err: error }),
      };
      if (status >= 500) {
        apiErrors.add(1, attributes);
        logger.error(line, 'request failed');
      } else if (response.locals.quiet === true && status < 400) {
        if (logger.isLevelEnabled('debug')) logger.debug(line, 'request');
      } else {
        logger.info(line, 'request');
      }
    });
    next();
  };
}
