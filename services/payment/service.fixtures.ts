// The whole payment service on real PostgreSQL and Kafka, and the stand-ins of its gateways. For tests only.
import { randomUUID } from 'node:crypto';
import type { Authenticator } from '@platform/libs/http';
import { breaches, type CloudEvent, createEvent, createKafka, parseEvent } from '@platform/libs/messaging';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { freePort, startKafka, startPostgres, startProgram } from '@platform/libs/testing';
import request from 'supertest';
import { ORDER_TOPIC, PAYMENT_TOPIC, USER_TOPIC } from './application/messages';
import { GATEWAYS, type GatewayName } from './application/ports';
import { published } from './application/published';
import { createPayPal, createPayPalGateway } from './gateways/paypal';
import { createPayPalNotifications } from './gateways/paypalNotifications';
import { createSquare, createSquareGateway } from './gateways/square';
import { createSquareNotifications } from './gateways/squareNotifications';
import { createStripe, createStripeGateway, createStripeNotifications } from './gateways/stripe';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

const logger = createLogger('payment-test', { level: 'silent' });

/** Whoever asks is who they say they are: tokens are the library's business, and tested there and in order. */
const authenticator: Authenticator = async (incoming) => ({
  id: incoming.headers.authorization ?? '',
  roles: [],
  scopes: ['payments:read', 'payments:refund'],
});

export const until = async <T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  ms = 45_000,
): Promise<T> => {
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    const found = await look();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`${what} did not happen`);
};

/** Keys of nobody, for the sandboxes and those who talk to them. */
export const keys = {
  stripe: { apiKey: 'sk_test_adapter', secret: 'whsec_adapter' },
  paypal: { clientId: 'client-adapter', clientSecret: 'secret-adapter', webhookId: 'WHADAPTER' },
  square: { accessToken: 'token-adapter', signatureKey: 'signature-adapter' },
};

/** The stand-ins are a program of its own: it is started, never imported. */
export const startSandboxes = async (webhooks?: string) => {
  const ports = { stripe: await freePort(), paypal: await freePort(), square: await freePort() };
  const urlOf = (gateway: GatewayName) => `http://127.0.0.1:${ports[gateway]}`;
  const sandbox = await startProgram('local/sandbox/main.ts', GATEWAYS.map(urlOf), {
    STRIPE_PORT: String(ports.stripe),
    PAYPAL_PORT: String(ports.paypal),
    SQUARE_PORT: String(ports.square),
    STRIPE_API_KEY: keys.stripe.apiKey,
    STRIPE_WEBHOOK_SECRET: keys.stripe.secret,
    PAYPAL_CLIENT_ID: keys.paypal.clientId,
    PAYPAL_CLIENT_SECRET: keys.paypal.clientSecret,
    PAYPAL_WEBHOOK_ID: keys.paypal.webhookId,
    SQUARE_ACCESS_TOKEN: keys.square.accessToken,
    SQUARE_WEBHOOK_SIGNATURE_KEY: keys.square.signatureKey,
    ...(webhooks && { WEBHOOKS_URL: webhooks }),
  });
  const control = async (gateway: GatewayName, what: string, body: object) => {
    const answered = await fetch(`${urlOf(gateway)}/_sandbox/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answered.ok) throw new Error(`the sandbox cannot do that: ${await answered.text()}`);
  };
  return {
    urlOf,
    /** Has the next `count` writes whose path holds `path` fail in this way. */
    fault: (gateway: GatewayName, kind: string, { count = 1, path = '' } = {}) =>
      control(gateway, 'faults', { kind, count, path }),
    /** Has webhooks come later from now on. */
    late: (gateway: GatewayName, lateMs: number) => control(gateway, 'webhooks', { lateMs }),
    stop: () => sandbox.stop('SIGKILL'),
  };
};

export type Sandboxes = Awaited<ReturnType<typeof startSandboxes>>;

/** The adapter of each gateway, towards another address or with other credentials where told. */
export const connect = {
  stripe: (url: string, more: object = {}) =>
    createStripeGateway(createStripe({ apiUrl: url, apiKey: keys.stripe.apiKey, timeoutMs: 1500, ...more })),
  paypal: (url: string, more: object = {}) =>
    createPayPalGateway(createPayPal({ apiUrl: url, ...keys.paypal, timeoutMs: 1500, ...more })),
  square: (url: string, more: object = {}) =>
    createSquareGateway(
      createSquare({ apiUrl: url, accessToken: keys.square.accessToken, timeoutMs: 1500, ...more }),
      // The sandbox lists what it has at once.
      { listingMs: 0 },
    ),
};

type Heard = CloudEvent<Record<string, unknown>>;

export const startService = async () => {
  const [postgres, broker] = await Promise.all([startPostgres(), startKafka()]);
  const pool = createPool({ url: await postgres.createDatabase() });
  const kafka = createKafka({ brokers: broker.brokers, clientId: 'payment-test', logger });
  await kafka.ensureTopics([ORDER_TOPIC, PAYMENT_TOPIC, USER_TOPIC]);
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  const heard: Heard[] = [];
  await kafka.subscribe({
    groupId: 'listener',
    topics: [PAYMENT_TOPIC],
    onMessage: async ({ message }) => void heard.push(parseEvent(message.value) as Heard),
  });
  const port = await freePort();
  const webhooks = `http://127.0.0.1:${port}/v1/webhooks`;
  const sandboxes = await startSandboxes(webhooks);
  const stripe = createStripe({ apiKey: keys.stripe.apiKey, apiUrl: sandboxes.urlOf('stripe') });
  const apiUrl = sandboxes.urlOf('paypal');
  const service = createService({
    ...{ pool, kafka, logger, authenticator, version: 'v1' },
    gateways: GATEWAYS.map((name) => connect[name](sandboxes.urlOf(name))),
    notifications: [
      createStripeNotifications({ stripe, secret: keys.stripe.secret }),
      createPayPalNotifications({
        ...{ paypal: createPayPal({ ...keys.paypal, apiUrl }), webhookId: keys.paypal.webhookId, apiUrl },
      }),
      createSquareNotifications({ signatureKey: keys.square.signatureKey, url: `${webhooks}/square` }),
    ],
    breaker: { breakAfter: 4, breakForMs: 1000 },
  });
  const server = service.app.listen(port, '127.0.0.1');
  const stop = await service.start();
  const answers = (orderId: string) => heard.filter((event) => event.subject === orderId);
  return {
    ...{ pool, sandboxes, stripe, app: service.app, answers },
    /** Has an order ask for its payment. */
    wish: async (paymentMethod: string, orderId: string = randomUUID(), more: object = {}) => {
      const event = createEvent({
        source: '/order-service',
        type: 'order.payment-requested.v1',
        subject: orderId,
        data: {
          ...{ orderId, customerId: 'c-1', amount: { amount: 1999, currency: 'EUR' }, paymentMethod },
          ...more,
        },
      });
      await kafka.publish([{ topic: ORDER_TOPIC, key: orderId, value: JSON.stringify(event) }]);
      return orderId;
    },
    answer: (orderId: string) => until(`an answer for ${orderId}`, () => answers(orderId)[0]),
    /** Charges that took money for the order, as Stripe knows them. */
    charges: async (orderId: string) => {
      const { data } = await stripe.charges.list({ limit: 100 });
      return data.filter((charge) => charge.paid && charge.metadata.order_id === orderId);
    },
    /** The payment of an order as its customer sees it, or undefined. */
    paymentOf: async (orderId: string, customer = 'c-1') =>
      (await request(service.app).get(`/v1/payments?orderId=${orderId}`).set('authorization', customer)).body
        .items[0],
    async stop() {
      await stop();
      server.closeAllConnections();
      server.close();
      sandboxes.stop();
      await kafka.close();
      await pool.end();
      await Promise.all([postgres.stop(), broker.stop()]);
      const broken = heard.flatMap((event) => breaches(published, event));
      if (broken.length > 0) throw new Error(`Messages break their contracts: ${broken.join('; ')}`);
    },
  };
};
