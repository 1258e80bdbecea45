import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import { type Logger, serveMetrics } from '../telemetry';
import type { Authenticator } from './auth';
import { dispatch, send } from './dispatch';
import { docsPage } from './docs-page';
import { observe } from './observe';
import { openApiDocument } from './openapi';
import { Problem } from './problem';
import { createReadiness, type ReadyChecks } from './readiness';
import type { Route } from './route';
import { toProblem } from './to-problem';

export interface HttpAppOptions {
  /** Catalogue name: 'product'. The page is served at /docs/<name>. */
  name: string;
  version: string;
  routes: Route[];
  ready: ReadyChecks;
  logger: Logger;
  /** Needed as soon as one route has `scope`. */
  authenticator?: Authenticator;
  /** 100 kB unless told. */
  bodyLimitBytes?: number;
  /** Proxies in front whose X-Forwarded-For is believed; 1, the gateway, unless told. */
  trustedProxies?: number;
}

/** What matters for answers that are data and never a page: each further header costs on every one of them. */
const FOR_DATA: HelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
  },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
};

/** Builds the app; opens nothing. `serve` puts it on a port. */
export function createHttpApp(options: HttpAppOptions): Express {
  const { name, version, routes, logger, authenticator, bodyLimitBytes = 100 * 1024 } = options;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', options.trustedProxies ?? 1);
  app.set('query parser', 'simple');

  infrastructureRoutes(app, options);
  app.use(observe(logger));
  documentation(app, { name, version, routes });
  app.use(helmet(FOR_DATA));

  for (const [path, routesOfPath] of groupByPath(routes)) {
    const place = app.route(path);
    for (const route of routesOfPath) {
      const quiet = route.quiet === true;
      const mark = (_request: Request, response: Response, next: NextFunction): void => {
        response.locals.route = path;
        response.locals.quiet = quiet;
        next();
      };
      place[route.method](mark, ...dispatch(route, { logger, authenticator, bodyLimitBytes }));
    }
    const allowed = routesOfPath.map((route) => route.method.toUpperCase()).join(', ');
    place.all(() => {
      throw new Problem(405, {
        code: 'method-not-allowed',
        detail: `This address takes ${allowed}.`,
        headers: { allow: allowed },
      });
    });
  }
  app.use(() => {
    throw new Problem(404, {
      code: 'not-found',
      detail: `There is nothing at this address; see /docs/${name}.`,
    });
  });
  app.use(answerProblem);
  return app;
}

/** Marks the app as leaving: /ready turns 503 while requests are still served. */
export function announceShutdown(app: Express): void {
  app.locals.shuttingDown = true;
}

/** Probes and scrapes come before everything else: they are not logged, not measured, and cost little. */
function infrastructureRoutes(app: Express, { ready, logger }: HttpAppOptions): void {
  const readiness = createReadiness(ready);
  let wasReady: boolean | undefined;
  app.get('/health', (_request, response) => send(response, { body: { status: 'ok' } }));
  app.get('/ready', async (_request, response) => {
    if (app.locals.shuttingDown) return send(response, { status: 503, body: { status: 'shutting down' } });
    const state = await readiness();
    if (state.ready !== wasReady) {
      logger[state.ready ? 'info' : 'warn']({ checks: state.checks }, state.ready ? 'ready' : 'not ready');
      wasReady = state.ready;
    }
    send(response, {
      status: state.ready ? 200 : 503,
      body: { status: state.ready ? 'ready' : 'not ready', checks: state.checks },
    });
  });
  app.get('/metrics', (request, response) => serveMetrics(request, response));
}

function documentation(
  app: Express,
  { name, version, routes }: Pick<HttpAppOptions, 'name' | 'version' | 'routes'>,
) {
  const jsonPath = `/docs/${name}/openapi.json`;
  let built: { json: string; page: string } | undefined;
  const build = () => {
    if (!built) {
      const document = openApiDocument({ title: `${name} service`, version }, routes);
      built = { json: JSON.stringify(document), page: docsPage(document, jsonPath) };
    }
    return built;
  };
  app.use(
    `/docs/${name}`,
    helmet({ contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } } }),
  );
  app.get(jsonPath, (_request, response) => send(response, { json: build().json }));
  app.get(`/docs/${name}`, (_request, response) =>
    send(response, { headers: { 'Content-Type': 'text/html; charset=utf-8' }, json: build().page }),
  );
}

function groupByPath(routes: Route[]): Map<string, Route[]> {
  const paths = new Map<string, Route[]>();
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
  return paths;
}

// Express tells error handlers by their four parameters.
function answerProblem(error: unknown, _request: Request, response: Response, _next: NextFunction): void {
  const problem = toProblem(error);
  response.locals.error = problem.options.cause ?? error;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  send(response, {
    status: problem.status,
    headers: {
      ...(problem.retriable && { 'retry-after': '2' }),
      ...problem.options.headers,
      'Content-Type': 'application/problem+json',
    },
    body: { ...problem.toJSON(), requestId: response.locals.requestId },
  });
}
