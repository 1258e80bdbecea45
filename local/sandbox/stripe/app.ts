import { randomBytes, timingSafeEqual } from 'node:crypto';
import express, { type NextFunction, type Request, type Response } from 'express';
import { controls, createFaults, type Fault } from '../faults';
import { Replay, sha256 } from '../replay';
import { hmac, type Signer, type Webhooks } from '../webhooks';
import { invalid, notFound, StripeError } from './errors';
import { type Form, parseForm } from './form';
import { Payments } from './payments';
import { noShapeCheck, type ShapeCheck } from './shapes';
import type { Charge, PaymentIntent, Refund, StripeEvent, StripeStore } from './store';

export interface SandboxOptions {
  store: StripeStore;
  webhooks: Webhooks;
  /** The one key that is let in; any `sk_test_…` when left out. */
  apiKey?: string;
  checkShape?: ShapeCheck;
}

const API_VERSION = '2026-10-28.endive';
const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`;

const authenticate = (apiKey?: string) => (request: Request, _: Response, next: NextFunction) => {
  const header = request.headers.authorization ?? '';
  const basic = /^Basic (.+)$/.exec(header)?.[1];
  const given = basic
    ? Buffer.from(basic, 'base64').toString().replace(/:$/, '')
    : /^Bearer (.+)$/.exec(header)?.[1];
  if (!given) {
    throw invalid(
      "You did not provide an API key. Provide it in the Authorization header, as 'Bearer YOUR_SECRET_KEY'.",
      {
        status: 401,
      },
    );
  }
  const right = apiKey ? timingSafeEqual(sha256(given), sha256(apiKey)) : /^(sk|rk)_test_\w+$/.test(given);
  if (!right)
    throw invalid(`Invalid API Key provided: ${given.slice(0, 8)}***${given.slice(-4)}`, { status: 401 });
  next();
};

/** Stripe's scheme: HMAC-SHA256 over `<seconds>.<body>`. */
export const stripeSigner =
  (secret: string): Signer =>
  ({ body }) => {
    const seconds = Math.floor(Date.now() / 1000);
    return { 'stripe-signature': `t=${seconds},v1=${hmac(secret, `${seconds}.${body}`, 'hex')}` };
  };

/** The sandbox as an express app: Stripe's API below /v1, controls for tests below /_sandbox, /health and /ready. */
export const createSandbox = ({ store, webhooks, apiKey, checkShape = noShapeCheck }: SandboxOptions) => {
  const app = express();
  const faults = createFaults();
  const replay = new Replay(store);

  const paymentsFor = (request: { id: string; idempotency_key: string | null }) =>
    new Payments(store, (type, object) => {
      const event: StripeEvent = {
        id: newId('evt'),
        object: 'event',
        api_version: API_VERSION,
        created: Math.floor(Date.now() / 1000),
        data: { object },
        livemode: false,
        pending_webhooks: 1,
        request,
        type,
      };
      store.save(event);
      webhooks.send({ id: event.id, type, body: JSON.stringify(event, null, 2) });
    });

  type Handler = (payments: Payments, form: Form, params: Record<string, string>) => object;

  /** Runs a handler and gives its answer, or its error, as status and text: that is what a key replays. */
  const answer = (handler: Handler, payments: Payments, form: Form, request: Request) => {
    try {
      const body = handler(payments, form, request.params as Record<string, string>);
      return { status: 200, body: JSON.stringify(body, null, 2) };
    } catch (error) {
      if (!(error instanceof StripeError)) throw error;
      return { status: error.status, body: JSON.stringify({ error: error.body }, null, 2) };
    }
  };

  const endpoint = (handler: Handler) => async (request: Request, response: Response) => {
    const requestId = newId('req');
    response.set('request-id', requestId);
    response.set('stripe-version', String(request.headers['stripe-version'] ?? API_VERSION));
    const body = typeof request.body === 'string' ? request.body : '';
    const form = parseForm(request.method === 'GET' ? (request.url.split('?')[1] ?? '') : body);
    const key =
      request.method === 'POST' ? (request.headers['idempotency-key'] as string | undefined) : undefined;
    if (key && key.length > 255) throw invalid('Idempotency keys may be at most 255 characters long.');
    if (key) response.set('idempotency-key', key);
    let fault: Fault | undefined;
    const refusals = {
      other: () =>
        new StripeError(400, {
          type: 'idempotency_error',
          message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
        }),
      underWay: () =>
        new StripeError(409, {
          type: 'invalid_request_error',
          code: 'idempotency_key_in_use',
          message: `There is currently another in-progress request using this Idempotent Key: ${key}.`,
        }),
    };
    const asked = `${request.method} ${request.path}\n${body}`;
    const result = await replay.once(key, asked, refusals, async () => {
      fault = request.method === 'POST' ? faults.take(request.path) : undefined;
      if (fault === 'rate_limit') {
        throw new StripeError(429, {
          type: 'invalid_request_error',
          code: 'rate_limit',
          message: 'Too many requests.',
        });
      }
      if (fault === 'error_500')
        throw new StripeError(500, { type: 'api_error', message: 'Something went wrong.' });
      const version = request.headers['stripe-version'] as string | undefined;
      await checkShape({ method: request.method, path: request.originalUrl, body, version });
      const payments = paymentsFor({ id: requestId, idempotency_key: key ?? null });
      return answer(handler, payments, form, request);
    });
    // The worst case for a caller: the money has moved and it never hears of it.
    if (fault === 'timeout_after_charge') return faults.hold(response);
    if (result.replayed) response.set('idempotent-replayed', 'true');
    response.status(result.status).type('json').send(result.body);
  };

  app.disable('x-powered-by');
  app.get('/health', (_, response) => void response.json({ status: 'ok' }));
  app.get('/ready', (_, response) => void response.json({ status: 'ok' }));

  const api = express.Router();
  api.use(authenticate(apiKey));
  api.use(express.text({ type: () => true, limit: '100kb' }));
  const intents = '/payment_intents';
  const newestIntents = () => store.all<PaymentIntent>('payment_intent');
  api.post(
    intents,
    endpoint((payments, form) => payments.create(form)),
  );
  api.get(
    intents,
    endpoint((payments, form) => payments.list(newestIntents(), form, '/v1/payment_intents')),
  );
  api.get(
    `${intents}/search`,
    endpoint((payments, form) => payments.search(form)),
  );
  api.get(
    `${intents}/:id`,
    endpoint((payments, _, { id }) => payments.intent(id!)),
  );
  api.post(
    `${intents}/:id/confirm`,
    endpoint((payments, form, { id }) => payments.confirm(id!, form)),
  );
  api.post(
    `${intents}/:id/capture`,
    endpoint((payments, form, { id }) => payments.capture(id!, form)),
  );
  api.post(
    `${intents}/:id/cancel`,
    endpoint((payments, form, { id }) => payments.cancel(id!, form)),
  );
  api.post(
    '/refunds',
    endpoint((payments, form) => payments.refund(form)),
  );
  api.get(
    '/refunds',
    endpoint((payments, form) => {
      const wanted = store
        .all<Refund>('refund')
        .filter((refund) => !form.payment_intent || refund.payment_intent === form.payment_intent);
      return payments.list(wanted, form, '/v1/refunds');
    }),
  );
  api.get(
    '/balance_transactions',
    endpoint((payments, form) => payments.balance(form)),
  );
  const one =
    (kind: 'refund' | 'charge' | 'event') =>
    (_: Payments, __: Form, { id }: Record<string, string>) => {
      const found = store.get<Refund | Charge | StripeEvent>(kind, id!);
      if (!found) throw notFound(kind, id!);
      return found;
    };
  api.get('/refunds/:id', endpoint(one('refund')));
  api.get(
    '/charges',
    endpoint((payments, form) => payments.list(store.all<Charge>('charge'), form, '/v1/charges')),
  );
  api.get('/charges/:id', endpoint(one('charge')));
  api.get(
    '/events',
    endpoint((payments, form) => payments.list(store.all<StripeEvent>('event'), form, '/v1/events')),
  );
  api.get('/events/:id', endpoint(one('event')));
  app.use('/v1', api);

  app.get('/_sandbox/charges', (_, response) => void response.json({ charges: store.all<Charge>('charge') }));
  app.get('/_sandbox/events', (_, response) => {
    response.json({ events: store.all<StripeEvent>('event'), deliveries: webhooks.delivered });
  });
  app.use('/_sandbox', controls(faults, webhooks, store));

  app.use((request) => {
    throw invalid(`Unrecognized request URL (${request.method}: ${request.path}).`, { status: 404 });
  });
  app.use((error: unknown, _: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const status = (error as { status?: number }).status ?? 500;
    const known =
      error instanceof StripeError
        ? error
        : new StripeError(status, {
            type: status < 500 ? 'invalid_request_error' : 'api_error',
            message: status < 500 ? (error as Error).message : 'The sandbox itself failed.',
          });
    if (status >= 500 && !(error instanceof StripeError)) console.error(error);
    response.status(known.status).json({ error: known.body });
  });
  return { app, close: () => faults.clear() };
};
