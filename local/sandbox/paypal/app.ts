import {
  createVerify,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  sign,
  timingSafeEqual,
} from 'node:crypto';
import { crc32 } from 'node:zlib';
import express, { type NextFunction, type Request, type Response } from 'express';
import { controls, createFaults } from '../faults';
import { ApiError, createJsonApi } from '../json-api';
import { Replay, sha256 } from '../replay';
import type { Signer, Webhooks } from '../webhooks';
import { common, notFound, unauthenticated } from './errors';
import { newId, Payments } from './payments';
import type { PayPalStore } from './store';

export interface SandboxOptions {
  store: PayPalStore;
  webhooks: Webhooks;
  clientId: string;
  clientSecret: string;
  signing: PayPalSigning;
}

const ALGORITHM = 'SHA256withRSA';

/** PayPal's scheme: RSA over `<transmission id>|<time>|<webhook id>|<CRC-32 of the body>`, by a key whose certificate it publishes. */
export const createSigning = (webhookId: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signed = (id: string, time: string, body: string) => `${id}|${time}|${webhookId}|${crc32(body)}`;
  return {
    signer: (({ body }) => {
      const id = randomUUID();
      const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
      return {
        'paypal-transmission-id': id,
        'paypal-transmission-time': time,
        'paypal-transmission-sig': sign('sha256', Buffer.from(signed(id, time, body)), privateKey).toString(
          'base64',
        ),
        'paypal-cert-url': 'https://payment-sandbox.invalid/v1/notifications/certs/CERT-SANDBOX',
        'paypal-auth-algo': ALGORITHM,
      };
    }) satisfies Signer,
    /** What PayPal's own endpoint for it does. */
    verify(given: Record<string, unknown>): boolean {
      const { transmission_id: id, transmission_time: time, transmission_sig: signature } = given;
      if (given.webhook_id !== webhookId || given.auth_algo !== ALGORITHM) return false;
      const text = signed(String(id), String(time), JSON.stringify(given.webhook_event));
      return createVerify('sha256').update(text).verify(publicKey, String(signature), 'base64');
    },
  };
};

export type PayPalSigning = ReturnType<typeof createSigning>;

const EIGHT_HOURS = 32_400;

/** The sandbox as an express app: PayPal's API below /v1 and /v2, controls for tests below /_sandbox, /health and /ready. */
export const createSandbox = ({ store, webhooks, clientId, clientSecret, signing }: SandboxOptions) => {
  const app = express();
  const faults = createFaults();
  const tokens = new Map<string, number>();

  const payments = new Payments(store, (event_type, resource_type, resource) => {
    const id = `WH-${newId()}-${newId()}`;
    const event = {
      ...{ id, event_version: '1.0', create_time: new Date().toISOString(), resource_type },
      ...{ event_type, summary: event_type, resource, links: [] },
    };
    webhooks.send({ id, type: event_type, body: JSON.stringify(event) });
  });

  const authenticate = (request: Request, _: Response, next: NextFunction) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!token || (tokens.get(token) ?? 0) < Date.now()) throw unauthenticated();
    next();
  };
  const endpoint = createJsonApi({
    ...{ replay: new Replay(store), faults, errors: common },
    keyOf: (request) => request.headers['paypal-request-id'] as string | undefined,
    // Orders say that they were there before; captures and refunds do not.
    replayStatus: (status, { path }) => (status === 201 && path.startsWith('/v2/checkout') ? 200 : status),
  });
  const idOf = ({ params }: Request) => String(params.id);

  app.disable('x-powered-by');
  app.get('/health', (_, response) => void response.json({ status: 'ok' }));
  app.get('/ready', (_, response) => void response.json({ status: 'ok' }));

  app.post('/v1/oauth2/token', (request, response) => {
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const right = sha256(`${clientId}:${clientSecret}`);
    if (!timingSafeEqual(sha256(Buffer.from(basic, 'base64').toString()), right)) {
      response
        .status(401)
        .json({ error: 'invalid_client', error_description: 'Client Authentication failed' });
      return;
    }
    const access_token = `A21AA${randomBytes(24).toString('base64url')}`;
    tokens.set(access_token, Date.now() + EIGHT_HOURS * 1000);
    const scope = 'https://uri.paypal.com/services/payments/payment';
    response.json({
      scope,
      access_token,
      token_type: 'Bearer',
      app_id: 'APP-SANDBOX',
      expires_in: EIGHT_HOURS,
    });
  });

  const api = express.Router();
  api.use(authenticate);
  api.use(express.json({ type: () => true, limit: '100kb' }));
  api.post(
    '/v2/checkout/orders',
    endpoint(({ body }) => ({ status: 201, body: payments.create(body) })),
  );
  api.get(
    '/v2/checkout/orders/:id',
    endpoint((request) => ({ body: payments.order(idOf(request)) })),
  );
  api.post(
    '/v2/checkout/orders/:id/authorize',
    endpoint((request) => ({ status: 201, body: payments.authorize(idOf(request), request.body) })),
  );
  api.get(
    '/v2/payments/authorizations/:id',
    endpoint((request) => ({ body: payments.authorization(idOf(request)) })),
  );
  api.post(
    '/v2/payments/authorizations/:id/capture',
    endpoint((request) => ({ status: 201, body: payments.capture(idOf(request), request.body ?? {}) })),
  );
  api.post(
    '/v2/payments/authorizations/:id/void',
    endpoint((request) => {
      payments.void(idOf(request));
      return { status: 204 };
    }),
  );
  api.get(
    '/v2/payments/captures/:id',
    endpoint((request) => ({ body: payments.captured(idOf(request)) })),
  );
  api.post(
    '/v2/payments/captures/:id/refund',
    endpoint((request) => ({ status: 201, body: payments.refund(idOf(request), request.body ?? {}) })),
  );
  api.get(
    '/v1/reporting/transactions',
    endpoint(({ query }) => ({ body: payments.transactions(query) })),
  );
  api.post('/v1/notifications/verify-webhook-signature', (request, response) => {
    response.json({ verification_status: signing.verify(request.body) ? 'SUCCESS' : 'FAILURE' });
  });
  app.use('/_sandbox', controls(faults, webhooks, store));
  app.use(api);

  app.use(() => {
    throw notFound();
  });
  app.use((error: unknown, _: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) return next(error);
    const status = (error as { status?: number }).status ?? 500;
    const known = error instanceof ApiError ? error : undefined;
    if (!known && status >= 500) console.error(error);
    response.status(status).json(known?.body ?? { name: 'INVALID_REQUEST', message: String(error) });
  });
  return { app, close: () => faults.clear() };
};
