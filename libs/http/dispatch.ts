import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  raw as rawBody,
  urlencoded,
} from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import type { z } from 'zod';
import type { Logger } from '../telemetry';
import { type Authenticator, demandScope, type Principal } from './auth';
import { invalidRequest, Problem, type ProblemDetail } from './problem';
import type { RateLimit, Route, RouteAnswer, RouteContext } from './route';

// biome-ignore lint/suspicious/noExplicitAny: see Route
type Context = RouteContext<any, any, any, any, any>;

export interface DispatchOptions {
  logger: Logger;
  authenticator?: Authenticator;
  bodyLimitBytes: number;
}

/** The handlers of one route, in order: authorisation, body, validation, rate limit, the handler itself. */
export function dispatch(route: Route, options: DispatchOptions): RequestHandler[] {
  const { logger, authenticator, bodyLimitBytes } = options;
  const { scope } = route;
  if (scope && !authenticator) {
    throw new Error(`${route.method} ${route.path} demands a scope, but the app has no authenticator`);
  }
  const routeLogger = logger.child({ route: route.path });

  const prepare = async (request: Request, response: Response): Promise<Context> => {
    const errors: ProblemDetail[] = [];
    const context: Context = {
      params: check('params', route.params, request.params, errors),
      query: check('query', route.query, request.query, errors),
      headers: check('headers', route.headers, request.headers, errors),
      body: check('body', route.body, request.body, errors),
      principal: response.locals.principal as Principal | undefined,
      raw: request.body as Buffer,
      requestId: response.locals.requestId as string,
      logger: routeLogger,
      request,
    };
    if (errors.length > 0) throw invalidRequest(errors);
    return context;
  };
  const run = async (context: Context, response: Response): Promise<void> => {
    const answer = await route.handle(context);
    response.locals.waitedMs = answer.waitedMs;
    send(response, answer);
  };

  const handlers: RequestHandler[] = [];
  if (scope && authenticator) {
    // Before the body: who may not come in is not read.
    handlers.push(async (request, response, next) => {
      const principal = await authenticator(request);
      demandScope(principal, scope);
      response.locals.principal = principal;
      next();
    });
  }
  if (route.rawBody) handlers.push(rawBody({ type: () => true, limit: bodyLimitBytes }));
  else if (route.form) handlers.push(requireForm, urlencoded({ extended: false, limit: bodyLimitBytes }));
  else if (route.body) handlers.push(requireJson, express.json({ limit: bodyLimitBytes }));
  if (route.rateLimit) {
    handlers.push(
      async (request, response, next) => {
        response.locals.context = await prepare(request, response);
        next();
      },
      limiter(route.rateLimit),
      (_request, response) => run(response.locals.context as Context, response),
    );
  } else {
    handlers.push(async (request, response) => run(await prepare(request, response), response));
  }
  return handlers;
}

function check(
  part: ProblemDetail['in'],
  schema: z.ZodType | undefined,
  value: unknown,
  errors: ProblemDetail[],
): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) {
      errors.push({
        in: part,
        pointer: `#${path.map((step) => `/${String(step).replace(/~/g, '~0').replace(/\//g, '~1')}`).join('')}`,
        detail: issue.code === 'unrecognized_keys' ? 'This field is not known here.' : issue.message,
      });
    }
  }
  return undefined;
}

const requireType =
  (pattern: RegExp, detail: string) =>
  (request: Request, _response: Response, next: NextFunction): void => {
    const type = request.headers['content-type'];
    const fits = type !== undefined && pattern.test(type);
    next(fits ? undefined : new Problem(415, { code: 'unsupported-media-type', detail }));
  };

/** JSON is asked for explicitly, so that a form or a text never passes as an empty body. */
const requireJson = requireType(
  /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i,
  'Send the body as JSON with the header Content-Type: application/json.',
);
const requireForm = requireType(
  /^application\/x-www-form-urlencoded\s*(?:;|$)/i,
  'Send the body as a form with the header Content-Type: application/x-www-form-urlencoded.',
);

/** Counts in this process only: with n instances a caller gets up to n times the limit. */
function limiter({ windowMs, limit, key, failuresOnly }: RateLimit): RequestHandler {
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: 'draft-7',
    legacyHeaders: false,
    skipSuccessfulRequests: failuresOnly,
    keyGenerator: (request, response) => {
      const address = ipKeyGenerator(request.ip ?? 'unknown');
      return key ? `${address} ${key(response.locals.context as Context)}` : address;
    },
    handler: (_request, response, next) => {
      next(
        new Problem(429, {
          code: 'too-many-requests',
          detail: `Too many requests: at most ${limit} in ${Math.ceil(windowMs / 1000)} s. Try again after the time in Retry-After.`,
          headers: { 'retry-after': String(response.getHeader('retry-after') ?? Math.ceil(windowMs / 1000)) },
        }),
      );
    },
  });
}

/** Written by hand because response.json() would serialise again and compute an ETag nobody asked for. */
export function send(response: Response, { status = 200, headers, body, json, bytes }: RouteAnswer): void {
  if (headers) for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  if (bytes) {
    response.setHeader('Content-Length', bytes.length);
    response.end(bytes);
    return;
  }
  const text = json ?? (body === undefined ? undefined : JSON.stringify(body));
  if (text === undefined) {
    response.end();
    return;
  }
  if (!response.hasHeader('content-type'))
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
