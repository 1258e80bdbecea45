import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { Webhooks } from '../webhooks';
import { createSandbox, stripeSigner } from './app';
import { createShapeCheck, type ShapeCheck } from './shapes';
import { StripeStore } from './store';

const apiKey = 'sk_test_sandbox';
const secret = 'whsec_test';
const open: (() => void)[] = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

interface Setup {
  webhookUrl?: string;
  folder?: string;
  limit?: number;
  checkShape?: ShapeCheck;
  retryDelaysMs?: number[];
}

const start = async ({
  webhookUrl,
  folder,
  limit = 1000,
  checkShape,
  retryDelaysMs = [5, 5],
}: Setup = {}) => {
  const webhooks = new Webhooks({
    ...{ url: webhookUrl, sign: stripeSigner(secret), retryDelaysMs },
    log: () => {},
  });
  const { app, close } = createSandbox({
    store: new StripeStore({ limit, folder }),
    webhooks,
    apiKey,
    checkShape,
  });
  const port = await listen(createServer(app));
  open.push(() => {
    webhooks.close();
    close();
  });
  const client = (key = apiKey, timeout = 5000) =>
    new Stripe(key, {
      host: '127.0.0.1',
      port,
      protocol: 'http',
      maxNetworkRetries: 0,
      timeout,
      telemetry: false,
    });
  const control = async (path: string, body?: object) => {
    const init = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    return (await fetch(`http://127.0.0.1:${port}/_sandbox/${path}`, init)).json() as Promise<{
      charges: object[];
    }>;
  };
  return { stripe: client(), client, control, webhooks };
};

/** A receiver that verifies each delivery as the platform does; `refuse` first ones are answered with 500. */
const receiver = async (refuse = 0) => {
  const events: Stripe.Event[] = [];
  const stripe = new Stripe(apiKey);
  let seen = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    if (seen++ < refuse) {
      response.statusCode = 500;
    } else {
      events.push(
        stripe.webhooks.constructEvent(body, request.headers['stripe-signature'] as string, secret),
      );
    }
    response.end();
  });
  const port = await listen(server);
  const until = async (type: string) => {
    for (let i = 0; i < 400; i++) {
      const found = events.find((event) => event.type === type);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`no ${type} among ${events.map((event) => event.type)}`);
  };
  return { url: `http://127.0.0.1:${port}/hook`, until, events };
};

const order = (more: Partial<Stripe.PaymentIntentCreateParams> = {}): Stripe.PaymentIntentCreateParams => ({
  amount: 1999,
  currency: 'eur',
  payment_method: 'pm_card_visa',
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
  confirm: true,
  metadata: { order_id: 'o-1' },
  ...more,
});

const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it went through');
    },
    (error) => error as InstanceType<typeof Stripe.errors.StripeError>,
  );

describe('a payment', () => {
  it('succeeds with a good card and is found again by id, list and metadata', async () => {
    const { stripe } = await start();
    const made = await stripe.paymentIntents.create(order());
    expect(made).toMatchObject({
      status: 'succeeded',
      amount_received: 1999,
      currency: 'eur',
      metadata: { order_id: 'o-1' },
    });
    expect(await stripe.paymentIntents.retrieve(made.id)).toMatchObject({ id: made.id, status: 'succeeded' });
    const listed = await stripe.paymentIntents.list({ created: { gte: made.created - 5 }, limit: 100 });
    expect(listed.data.map((intent) => intent.id)).toEqual([made.id]);
    const found = await stripe.paymentIntents.search({
      query: "metadata['order_id']:'o-1' AND status:'succeeded'",
    });
    expect(found.data).toHaveLength(1);
  });

  it.each([
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', ''],
  ])('with %s is refused as Stripe refuses it', async (payment_method, code, decline) => {
    const { stripe } = await start();
    const error = await failure(stripe.paymentIntents.create(order({ payment_method })));
    expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(error).toMatchObject({ statusCode: 402, code, decline_code: decline });
    const intent = await stripe.paymentIntents.retrieve(error.payment_intent!.id);
    expect(intent).toMatchObject({ status: 'requires_payment_method', last_payment_error: { code } });
  });

  it('can be confirmed later, held and captured in part', async () => {
    const { stripe } = await start();
    const made = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'eur',
      capture_method: 'manual',
    });
    expect(made.status).toBe('requires_payment_method');
    const held = await stripe.paymentIntents.confirm(made.id, { payment_method: 'pm_card_visa' });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 500 });
    expect(await failure(stripe.paymentIntents.capture(made.id, { amount_to_capture: 501 }))).toMatchObject({
      code: 'amount_too_large',
    });
    expect(await stripe.paymentIntents.capture(made.id, { amount_to_capture: 300 })).toMatchObject({
      amount_received: 300,
    });
    const error = await failure(stripe.paymentIntents.cancel(made.id));
    expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
  });

  it('can be cancelled before it is captured', async () => {
    const { stripe } = await start();
    const made = await stripe.paymentIntents.create(order({ capture_method: 'manual' }));
    const cancelled = await stripe.paymentIntents.cancel(made.id, { cancellation_reason: 'abandoned' });
    expect(cancelled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
  });

  it('that needs the customer says so, or is refused when the caller asked for that', async () => {
    const { stripe } = await start();
    const payment_method = 'pm_card_authenticationRequired';
    expect((await stripe.paymentIntents.create(order({ payment_method }))).status).toBe('requires_action');
    const error = await failure(
      stripe.paymentIntents.create(order({ payment_method, error_on_requires_action: true })),
    );
    expect(error).toMatchObject({ statusCode: 402, code: 'authentication_required' });
  });

  it.each([
    ['no amount', { amount: undefined as never }, 'amount'],
    ['an amount that is no whole number', { amount: 1.5 }, 'amount'],
    ['a zero amount', { amount: 0 }, 'amount'],
    ['an amount beyond what Stripe takes', { amount: 100_000_000 }, 'amount'],
    ['a card nobody knows', { payment_method: 'pm_card_nobody' }, 'payment_method'],
    ['a card named like a property of every object', { payment_method: 'constructor' }, 'payment_method'],
    ['a currency that is none', { currency: 'euros' }, 'currency'],
  ])('with %s is an invalid request that names the parameter', async (_, change, param) => {
    const { stripe } = await start();
    const error = await failure(stripe.paymentIntents.create(order(change)));
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(error).toMatchObject({ statusCode: 400, param });
  });
});

describe('refunds', () => {
  it('give back part of a charge, then the rest, and never more', async () => {
    const { stripe } = await start();
    const { id } = await stripe.paymentIntents.create(order());
    expect(await stripe.refunds.create({ payment_intent: id, amount: 999 })).toMatchObject({
      amount: 999,
      status: 'succeeded',
    });
    expect(await failure(stripe.refunds.create({ payment_intent: id, amount: 1001 }))).toMatchObject({
      param: 'amount',
    });
    expect(await stripe.refunds.create({ payment_intent: id })).toMatchObject({ amount: 1000 });
    expect(await failure(stripe.refunds.create({ payment_intent: id }))).toMatchObject({
      code: 'charge_already_refunded',
    });
    expect((await stripe.refunds.list({ payment_intent: id })).data).toHaveLength(2);
  });
});

describe('the key', () => {
  it('is required, and a wrong one is told apart', async () => {
    const { client } = await start();
    const error = await failure(client('sk_test_wrong').paymentIntents.create(order()));
    expect(error).toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    expect(error).toMatchObject({ statusCode: 401 });
    expect(error.message).not.toContain('sk_test_wrong');
  });
});

describe('an idempotency key', () => {
  it('gives the same answer again and charges once', async () => {
    const { stripe, control } = await start();
    const first = await stripe.paymentIntents.create(order(), { idempotencyKey: 'k1' });
    const again = await stripe.paymentIntents.create(order(), { idempotencyKey: 'k1' });
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect((await control('charges')).charges).toHaveLength(1);
  });

  it('repeats a decline as well', async () => {
    const { stripe, control } = await start();
    const declined = order({ payment_method: 'pm_card_chargeDeclined' });
    const first = await failure(stripe.paymentIntents.create(declined, { idempotencyKey: 'k1' }));
    const again = await failure(stripe.paymentIntents.create(declined, { idempotencyKey: 'k1' }));
    expect(again.payment_intent!.id).toBe(first.payment_intent!.id);
    expect((await control('charges')).charges).toHaveLength(1);
  });

  it('is refused for another request', async () => {
    const { stripe } = await start();
    await stripe.paymentIntents.create(order(), { idempotencyKey: 'k1' });
    const error = await failure(stripe.paymentIntents.create(order({ amount: 5 }), { idempotencyKey: 'k1' }));
    expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
    expect(error.statusCode).toBe(400);
  });

  it('finds the charge of a request that timed out after charging', async () => {
    const { stripe, client, control } = await start();
    await control('faults', { kind: 'timeout_after_charge' });
    const lost = await failure(client(apiKey, 150).paymentIntents.create(order(), { idempotencyKey: 'k1' }));
    expect(lost).toBeInstanceOf(Stripe.errors.StripeConnectionError);
    const again = await stripe.paymentIntents.create(order(), { idempotencyKey: 'k1' });
    expect(again.status).toBe('succeeded');
    expect((await control('charges')).charges).toHaveLength(1);
  });
});

describe('webhooks', () => {
  it("are signed so that Stripe's own library accepts them", async () => {
    const hook = await receiver();
    const { stripe } = await start({ webhookUrl: hook.url });
    const { id } = await stripe.paymentIntents.create(order());
    const event = await hook.until('payment_intent.succeeded');
    expect(event.data.object).toMatchObject({ id, status: 'succeeded' });
  });

  it('are delivered again until they are accepted', async () => {
    const hook = await receiver(2);
    const { stripe } = await start({ webhookUrl: hook.url });
    await failure(stripe.paymentIntents.create(order({ payment_method: 'pm_card_chargeDeclined' })));
    await hook.until('payment_intent.payment_failed');
    await hook.until('payment_intent.created');
    await hook.until('charge.failed');
  });

  it('are given up after a bounded number of attempts', async () => {
    const hook = await receiver(1000);
    const { stripe, webhooks } = await start({ webhookUrl: hook.url, retryDelaysMs: [1, 1] });
    await stripe.paymentIntents.create({ amount: 5, currency: 'eur' });
    for (let i = 0; i < 300 && webhooks.delivered.failed === 0; i++)
      await new Promise((r) => setTimeout(r, 10));
    expect(webhooks.delivered).toEqual({ ok: 0, failed: 1, dropped: 0 });
  });
});

describe('state', () => {
  it('survives a restart when there is a folder, and forgets a line that a kill cut off', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    open.push(() => rmSync(folder, { recursive: true }));
    const first = await start({ folder });
    const { id } = await first.stripe.paymentIntents.create(order(), { idempotencyKey: 'k1' });
    appendFileSync(join(folder, 'stripe-sandbox.jsonl'), '{"object":"charge","id":"ch_');
    const second = await start({ folder });
    expect((await second.stripe.paymentIntents.create(order(), { idempotencyKey: 'k1' })).id).toBe(id);
    await second.control('reset', {});
    const third = await start({ folder });
    expect(await failure(third.stripe.paymentIntents.retrieve(id))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
  });

  it('is bounded: the oldest goes first', async () => {
    const { stripe } = await start({ limit: 3 });
    const made: string[] = [];
    for (let i = 0; i < 5; i++)
      made.push((await stripe.paymentIntents.create({ amount: 5, currency: 'eur' })).id);
    expect((await stripe.paymentIntents.list({ limit: 100 })).data.map((intent) => intent.id)).toEqual(
      made.slice(2).reverse(),
    );
  });
});

describe('the shape of requests', () => {
  it('is judged by stripe-mock, whose refusal reaches the caller and charges nothing', async () => {
    const mock = createServer((_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          error: { type: 'invalid_request_error', message: 'additional properties: colour' },
        }),
      );
    });
    const port = await listen(mock);
    const { stripe, control } = await start({ checkShape: createShapeCheck(`http://127.0.0.1:${port}`) });
    expect((await failure(stripe.paymentIntents.create(order()))).message).toContain('colour');
    expect((await control('charges')).charges).toHaveLength(0);
  });

  it('cannot be judged while stripe-mock is away, and the error says which setting to look at', async () => {
    const { stripe } = await start({ checkShape: createShapeCheck('http://127.0.0.1:1') });
    expect(await failure(stripe.paymentIntents.create(order()))).toMatchObject({
      statusCode: 503,
      message: expect.stringContaining('STRIPE_MOCK_URL'),
    });
  });
});

it('tells a path it does not know from a thing it does not have', async () => {
  const { stripe } = await start();
  expect(await failure(stripe.paymentIntents.retrieve('pi_none'))).toMatchObject({
    code: 'resource_missing',
  });
  expect((await failure(stripe.customers.create({}))).message).toContain('Unrecognized request URL');
});
