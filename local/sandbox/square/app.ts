import { randomUUID, timingSafeEqual } from 'node:crypto';
import express, { type NextFunction, type Request, type Response } from 'express';
import { controls, createFaults } from '../faults';
import { ApiError, createJsonApi } from '../json-api';
import { Replay, sha256 } from '../replay';
import { hmac, type Signer, type Webhooks } from '../webhooks';
import { common, invalid, notFound, unauthenticated } from './errors';
import { Payments } from './payments';
import type { SquareStore } from './store';

export interface SandboxOptions {
  store: SquareStore;
  webhooks: Webhooks;
  accessToken: string;
}

/** Square's scheme: HMAC-SHA256 over the receiver's address and the body. */
export const squareSigner =
  (key: string, url: string): Signer =>
  ({ body }) => ({ 'x-square-hmacsha256-signature': hmac(key, `${url}${body}`, 'base64') });

const MAX_KEY = 45;

/** The sandbox as an express app: Square's API below /v2, controls for tests below /_sandbox, /health and /ready. */
export const createSandbox = ({ store, webhooks, accessToken }: SandboxOptions) => {
  const app = express();
  const faults = createFaults();

  const payments = new Payments(store, (type, kind, id, thing) => {
    const event_id = randomUUID();
    const event = {
      ...{ merchant_id: 'MSANDBOX', type, event_id, created_at: new Date().toISOString() },
      data: { type: kind, id, object: { [kind]: thing } },
    };
    webhooks.send({ id: event_id, type, body: JSON.stringify(event) });
  });

  const authenticate = (request: Request, _: Response, next: NextFunction) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!timingSafeEqual(sha256(token), sha256(accessToken))) throw unauthenticated();
    next();
  };
  const endpoint = createJsonApi({
    ...{ replay: new Replay(store), faults, errors: common },
    keyOf: ({ body }) => body?.idempotency_key as string | undefined,
  });
  /** Where Square demands a key. */
  const keyed = (request: Request, _: Response, next: NextFunction) => {
    const key = request.body?.idempotency_key;
    if (typeof key !== 'string' || key === '') {
      throw invalid('MISSING_REQUIRED_PARAMETER', 'idempotency_key');
    }
    if (key.length > MAX_KEY) throw invalid('VALUE_TOO_LONG', 'idempotency_key');
    next();
  };
  const idOf = ({ params }: Request) => String(params.id);

  app.disable('x-powered-by');
  app.get('/health', (_, response) => void response.json({ status: 'ok' }));
  app.get('/ready', (_, response) => void response.json({ status: 'ok' }));

  const api = express.Router();
  api.use(authenticate);
  api.use(express.json({ type: () => true, limit: '100kb' }));
  api.post(
    '/payments',
    keyed,
    endpoint(({ body }) => ({ body: payments.create(body) })),
  );
  api.get(
    '/payments',
    endpoint(({ query }) => ({ body: payments.list(query) })),
  );
  api.get(
    '/payments/:id',
    endpoint((request) => ({ body: payments.get(idOf(request)) })),
  );
  api.post(
    '/payments/:id/complete',
    endpoint((request) => ({ body: payments.complete(idOf(request)) })),
  );
  api.post(
    '/payments/:id/cancel',
    endpoint((request) => ({ body: payments.cancel(idOf(request)) })),
  );
  api.post(
    '/refunds',
    keyed,
    endpoint(({ body }) => ({ body: payments.refund(body) })),
  );
  api.get(
    '/refunds',
    endpoint(({ query }) => ({ body: payments.listRefunds(query) })),
  );
  api.get(
    '/refunds/:id',
    endpoint((request) => ({ body: payments.getRefund(idOf(request)) })),
  );
  app.use('/_sandbox', controls(faults, webhooks, store));
  app.use('/v2', api);

  app.use(() => {
    throw notFound('API endpoint not found');
  });
  app.use((error: unknown, _: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const status = (error as { status?: number }).status ?? 500;
    const known = error instanceof ApiError ? error : undefined;
    if (!known && status >= 500) console.error(error);
    const unknown = { errors: [{ category: 'INVALID_REQUEST_ERROR', code: 'BAD_REQUEST' }] };
    response.status(status).json(known?.body ?? unknown);
  });
  return { app, close: () => faults.clear() };
};
