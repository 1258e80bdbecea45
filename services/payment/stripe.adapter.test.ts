import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { Authenticator } from '@platform/libs/http';
import {
  type CloudEvent,
  createEvent,
  createKafka,
  type KafkaPort,
  parseEvent,
} from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres } from '@platform/libs/testing';
import request from 'supertest';
import { paymentIdOf } from './application/ids';
import { ORDER_TOPIC, PAYMENT_TOPIC } from './application/messages';
import { createStripe, createStripeGateway, createStripeNotifications } from './gateways/stripe';
import { createService } from './service';
import { MIGRATION_LOCK, migrations } from './storage/migrations';

/**
 * The stateful stand-in for Stripe is a program of its own: it is started, never imported. ECP_STRIPE_SANDBOX names another
 * entry file.
 */
const root = resolve(__dirname, '../..');
const sandboxEntry = process.env.ECP_STRIPE_SANDBOX ?? join(root, 'local/sandbox/stripe/main.ts');
// Joining a consumer group may take a while on a busy machine; the waits below end as soon as they can.
jest.setTimeout(60_000);

const apiKey = 'sk_test_adapter';
const secret = 'whsec_adapter';
const logger = createLogger('payment-test', { level: 'silent' });
/** Whoever asks is who they say they are: tokens are the library's business, and tested there and in order. */
const authenticator: Authenticator = async (incoming) => ({
  id: incoming.headers.authorization ?? '',
  roles: [],
  scopes: ['payments:read'],
});

const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
const until = async <T>(
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

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let broker: Awaited<ReturnType<typeof startKafka>>;
let kafka: KafkaPort;
let pool: Pool;
let sandbox: ChildProcess;
let sandboxUrl: string;
let server: Server;
let service: ReturnType<typeof createService>;
let stop: () => Promise<void>;
const heard: CloudEvent<Record<string, unknown>>[] = [];

const startSandbox = async (webhookUrl: string) => {
  const port = await freePort();
  sandboxUrl = `http://127.0.0.1:${port}`;
  let output = '';
  sandbox = spawn(process.execPath, ['--import', 'tsx', sandboxEntry], {
    cwd: root,
    env: {
      ...process.env,
      PORT: String(port),
      STRIPE_API_KEY: apiKey,
      STRIPE_WEBHOOK_SECRET: secret,
      STRIPE_SANDBOX_WEBHOOK_URL: webhookUrl,
    },
  });
  sandbox.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  sandbox.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  await until(
    'the sandbox answers',
    async () => {
      if (sandbox.exitCode !== null) throw new Error(`the sandbox ended: ${output}`);
      return fetch(`${sandboxUrl}/health`).then(
        (answer) => answer.ok,
        () => false,
      );
    },
    40_000,
  );
};

beforeAll(async () => {
  [postgres, broker] = await Promise.all([startPostgres(), startKafka()]);
  pool = createPool({ url: await postgres.createDatabase() });
  kafka = createKafka({ brokers: broker.brokers, clientId: 'payment-test', logger });
  await kafka.ensureTopics([ORDER_TOPIC, PAYMENT_TOPIC, 'user.user.v1']);
  await runMigrations({ pool, migrations, lockId: MIGRATION_LOCK });
  await kafka.subscribe({
    groupId: 'listener',
    topics: [PAYMENT_TOPIC],
    onMessage: async ({ message }) => void heard.push(parseEvent(message.value) as (typeof heard)[number]),
  });
  const port = await freePort();
  await startSandbox(`http://127.0.0.1:${port}/v1/webhooks/stripe`);
  const stripe = createStripe({ apiKey, apiUrl: sandboxUrl, timeoutMs: 1500 });
  service = createService({
    pool,
    kafka,
    logger,
    version: 'v1',
    authenticator,
    gateway: createStripeGateway(stripe),
    notifications: createStripeNotifications({ stripe, secret }),
  });
  server = service.app.listen(port, '127.0.0.1');
  stop = await service.start();
}, 120_000);

afterAll(async () => {
  await stop?.();
  server?.closeAllConnections();
  server?.close();
  sandbox?.kill('SIGKILL');
  await kafka?.close();
  await pool?.end();
  await Promise.all([postgres?.stop(), broker?.stop()]);
}, 30_000);

const wish = async (paymentMethod: string, orderId = randomUUID(), amount = 1999) => {
  const event = createEvent({
    source: '/order-service',
    type: 'order.payment-requested.v1',
    subject: orderId,
    data: { orderId, customerId: 'c-1', amount: { amount, currency: 'EUR' }, paymentMethod },
  });
  await kafka.publish([{ topic: ORDER_TOPIC, key: orderId, value: JSON.stringify(event) }]);
  return orderId;
};
const answers = (orderId: string) => heard.filter((event) => event.subject === orderId);
const answer = async (orderId: string, ms?: number) =>
  (await until(`an answer for ${orderId}`, () => answers(orderId)[0], ms)) as CloudEvent<
    Record<string, unknown>
  >;
const fault = async (kind: string, times = 1) => {
  const answered = await fetch(`${sandboxUrl}/_sandbox/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind, count: times }),
  });
  expect(answered.ok).toBe(true);
};
/** Charges that took money for the order, as the gateway knows them. */
const charges = async (orderId: string) => {
  const stripe = createStripe({ apiKey, apiUrl: sandboxUrl });
  const { data } = await stripe.charges.list({ limit: 100 });
  return data.filter((charge) => charge.paid && charge.metadata.order_id === orderId);
};
/** The payment of an order as its customer sees it, or undefined. */
const paymentOf = async (orderId: string, customer = 'c-1') =>
  (await request(service.app).get(`/v1/payments?orderId=${orderId}`).set('authorization', customer)).body
    .items[0];

describe('paying through Stripe', () => {
  it('charges the card and tells the order', async () => {
    const orderId = await wish('pm_card_visa');
    const { type, data } = await answer(orderId);
    expect(type).toBe('payment.succeeded.v1');
    expect(data).toEqual({
      orderId,
      paymentId: paymentIdOf(orderId),
      gateway: 'stripe',
      transactionId: expect.stringMatching(/^pi_/),
      amount: { amount: 1999, currency: 'EUR' },
    });
    expect(await charges(orderId)).toMatchObject([{ amount: 1999, currency: 'eur' }]);
    const mine = await paymentOf(orderId);
    expect(mine).toMatchObject({
      id: paymentIdOf(orderId),
      status: 'succeeded',
      transactionId: data.transactionId,
    });
    expect(
      (await request(service.app).get(`/v1/payments/${mine.id}`).set('authorization', 'c-1')).status,
    ).toBe(200);
  });

  it('charges once although the order asks twice, and answers twice', async () => {
    const orderId = await wish('pm_card_visa');
    await answer(orderId);
    await wish('pm_card_visa', orderId);
    await until('a second answer', () => answers(orderId).length === 2);
    expect(answers(orderId).map(({ data }) => data.paymentId)).toEqual([
      paymentIdOf(orderId),
      paymentIdOf(orderId),
    ]);
    expect(await charges(orderId)).toHaveLength(1);
  });

  it.each([
    ['pm_card_chargeDeclined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
    ['pm_card_authenticationRequired', 'authentication_required'],
    ['pm_nobody_has', 'resource_missing'],
  ])('is final when %s is declined', async (paymentMethod, reason) => {
    const orderId = await wish(paymentMethod);
    const { type, data } = await answer(orderId);
    expect(type).toBe('payment.declined.v1');
    expect(data).toEqual({ orderId, paymentId: paymentIdOf(orderId), gateway: 'stripe', reason });
    expect(await charges(orderId)).toEqual([]);
    expect(await paymentOf(orderId)).toMatchObject({ status: 'declined', reason });
  });

  it('asks, and does not charge again, when the answer to a charge never comes', async () => {
    await fault('timeout_after_charge');
    const orderId = await wish('pm_card_visa');
    expect((await answer(orderId)).type).toBe('payment.succeeded.v1');
    expect(await charges(orderId)).toHaveLength(1);
    expect(answers(orderId)).toHaveLength(1);
  });

  it('tries again after a pause when Stripe is busy', async () => {
    await fault('rate_limit');
    const started = Date.now();
    const orderId = await wish('pm_card_visa');
    expect((await answer(orderId)).type).toBe('payment.succeeded.v1');
    expect(Date.now() - started).toBeGreaterThanOrEqual(2000);
    expect(await charges(orderId)).toHaveLength(1);
  });

  it('asks, then charges once, when Stripe fails', async () => {
    await fault('error_500');
    const orderId = await wish('pm_card_visa');
    expect((await answer(orderId)).type).toBe('payment.succeeded.v1');
    expect(await charges(orderId)).toHaveLength(1);
  });
});

describe('the Stripe gateway on its own, without webhooks', () => {
  const gateway = (apiUrl = sandboxUrl, key = apiKey) =>
    createStripeGateway(createStripe({ apiKey: key, apiUrl, timeoutMs: 300 }));
  const charge = () => {
    const orderId = randomUUID();
    const amount = { amount: 500, currency: 'EUR' };
    return { paymentId: paymentIdOf(orderId), orderId, amount, paymentMethod: 'pm_card_visa' };
  };
  const since = new Date().toISOString();

  it('finds out what became of a charge whose answer never came, and repeats it without charging again', async () => {
    const wanted = charge();
    expect(await gateway().enquire({ paymentId: wanted.paymentId, since })).toEqual({ kind: 'not_charged' });
    await fault('timeout_after_charge');
    expect(await gateway().charge(wanted)).toEqual({ kind: 'unknown', error: 'ETIMEDOUT' });
    const found = await gateway().enquire({ paymentId: wanted.paymentId, since });
    expect(found).toEqual({ kind: 'succeeded', transactionId: expect.stringMatching(/^pi_/) });
    expect(await gateway().charge(wanted)).toEqual(found);
    expect(await charges(wanted.orderId)).toHaveLength(1);
  });

  it('knows a gateway that is not there from a key that is not right', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await gateway(nobody).charge(charge())).toEqual({ kind: 'retriable', error: 'ECONNREFUSED' });
    expect(await gateway(sandboxUrl, 'sk_test_wrong').charge(charge())).toMatchObject({
      kind: 'misconfigured',
    });
    expect((await gateway(nobody).enquire({ paymentId: 'p', since })).kind).toBe('unknown');
  });

  it('gives a charge back once', async () => {
    const wanted = charge();
    const { transactionId } = (await gateway().charge(wanted)) as { transactionId: string };
    const refund = () => gateway().refund({ paymentId: wanted.paymentId, transactionId });
    const first = await refund();
    expect(first).toEqual({ kind: 'refunded', refundId: expect.stringMatching(/^re_/) });
    expect(await refund()).toEqual(first);
  });
});

describe('looking at payments', () => {
  it("hides other customers' payments, and those that are not there", async () => {
    const orderId = await wish('pm_card_visa');
    await answer(orderId);
    expect(await paymentOf(orderId, 'c-2')).toBeUndefined();
    expect(
      (
        await request(service.app)
          .get(`/v1/payments/${paymentIdOf(orderId)}`)
          .set('authorization', 'c-2')
      ).status,
    ).toBe(404);
    expect(await paymentOf(randomUUID())).toBeUndefined();
  });
});

describe('webhooks', () => {
  const stripe = createStripe({ apiKey });
  const send = (payload: string, signature?: string) => {
    const post = request(service.app).post('/v1/webhooks/stripe').set('content-type', 'application/json');
    return (signature === undefined ? post : post.set('stripe-signature', signature)).send(payload);
  };
  const sign = (payload: string, more: object = {}) =>
    stripe.webhooks.generateTestHeaderString({ payload, secret, ...more } as never);
  const event = (id: string, paymentId: string) =>
    JSON.stringify({
      id,
      object: 'event',
      type: 'payment_intent.succeeded',
      data: {
        object: {
          id: 'pi_9',
          object: 'payment_intent',
          status: 'succeeded',
          metadata: { payment_id: paymentId },
        },
      },
    });
  const handled = async (id: string) =>
    (await pool.query('select count(*)::int as n from gateway_notifications where event_id = $1', [id]))
      .rows[0].n as number;

  it('takes those of Stripe for its own charges', async () => {
    const orderId = await wish('pm_card_visa');
    await answer(orderId);
    await until(
      'its webhook',
      async () => (await pool.query('select 1 from gateway_notifications')).rowCount,
    );
    expect(answers(orderId)).toHaveLength(1);
  });

  it('takes a signed one, once', async () => {
    const payload = event('evt_once', randomUUID());
    expect((await send(payload, sign(payload))).body).toEqual({ received: true });
    expect((await send(payload, sign(payload))).status).toBe(200);
    expect(await handled('evt_once')).toBe(1);
  });

  it.each<[string, (payload: string) => string | undefined]>([
    ['forged', (payload) => sign(payload, { secret: 'whsec_guessed' })],
    ['signed for another body', (payload) => sign(`${payload} `)],
    ['too old', (payload) => sign(payload, { timestamp: Math.floor(Date.now() / 1000) - 301 })],
    ['garbled', () => 'nonsense'],
    ['not signed', () => undefined],
  ])('refuses one that is %s', async (_, signature) => {
    const payload = event('evt_refused', randomUUID());
    const refused = await send(payload, signature(payload));
    expect(refused.status).toBe(400);
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(await handled('evt_refused')).toBe(0);
  });

  it('refuses 10 MB', async () => {
    expect((await send('x'.repeat(10_000_000), 'nonsense')).status).toBe(413);
  });

  it('gives back what was charged although the payment had ended otherwise', async () => {
    const orderId = await wish('pm_card_chargeDeclined');
    await answer(orderId);
    const late = await createStripe({ apiKey, apiUrl: sandboxUrl }).paymentIntents.create({
      amount: 1999,
      currency: 'eur',
      payment_method: 'pm_card_visa',
      confirm: true,
      metadata: { payment_id: paymentIdOf(orderId), order_id: orderId },
    });
    await until('the refund', async () => (await paymentOf(orderId)).status === 'refunded');
    expect(
      (await charges(orderId)).map(({ payment_intent, refunded }) => ({ payment_intent, refunded })),
    ).toEqual([{ payment_intent: late.id, refunded: true }]);
    expect(answers(orderId).map(({ type }) => type)).toEqual(['payment.declined.v1']);
  });
});

it('describes itself', async () => {
  const document = (await request(service.app).get('/docs/payment/openapi.json')).body;
  expect(Object.keys(document.paths)).toEqual([
    '/v1/payments',
    '/v1/payments/personal-data',
    '/v1/payments/{id}',
    '/v1/webhooks/stripe',
  ]);
});
