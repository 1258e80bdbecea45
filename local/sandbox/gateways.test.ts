// The stand-ins of PayPal and Square as their own APIs see them; how the service's adapters see them is tested there.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import { createSandbox as createPayPal, createSigning } from './paypal/app';
import { PayPalStore } from './paypal/store';
import { createSandbox as createSquare, squareSigner } from './square/app';
import { SquareStore } from './square/store';
import { type Message, Webhooks } from './webhooks';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

const listen = async ({ app, close }: { app: Express; close(): void }) => {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    close();
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** Keeps what would be sent. */
class Kept extends Webhooks {
  readonly messages: Message[] = [];
  constructor() {
    super({ sign: () => ({}), log: () => {} });
  }
  override send(message: Message) {
    this.messages.push(message);
  }
}

const asking =
  (url: string, authorization: string) =>
  async (path: string, body?: object, headers = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization, 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  };

describe('PayPal', () => {
  const start = async (folder?: string) => {
    const webhooks = new Kept();
    const signing = createSigning('WH1');
    const url = await listen(
      createPayPal({
        ...{ store: new PayPalStore({ limit: 100, folder }), webhooks, signing },
        ...{ clientId: 'id', clientSecret: 'secret' },
      }),
    );
    const basic = `Basic ${Buffer.from('id:secret').toString('base64')}`;
    const token = (await (
      await fetch(`${url}/v1/oauth2/token`, { method: 'POST', headers: { authorization: basic } })
    ).json()) as { access_token: string };
    return { url, webhooks, signing, ask: asking(url, `Bearer ${token.access_token}`) };
  };
  const order = {
    intent: 'AUTHORIZE',
    purchase_units: [{ amount: { currency_code: 'EUR', value: '19.99' } }],
  };
  const key = (id: string) => ({ 'paypal-request-id': id });
  const card = (vault_id: string) => ({ payment_source: { card: { vault_id } } });

  it('lets nobody in without a token of its own', async () => {
    const { url } = await start();
    expect((await asking(url, 'Bearer guessed')('/v2/checkout/orders', order)).status).toBe(401);
    const wrong = { authorization: `Basic ${Buffer.from('id:wrong').toString('base64')}` };
    expect((await fetch(`${url}/v1/oauth2/token`, { method: 'POST', headers: wrong })).status).toBe(401);
  });

  it('gives the same answer to the same key, and says that it was there before', async () => {
    const { ask } = await start();
    const first = await ask('/v2/checkout/orders', order, key('k'));
    const again = await ask('/v2/checkout/orders', order, key('k'));
    expect([first.status, again.status, again.body]).toEqual([201, 200, first.body]);
    const other = { ...order, purchase_units: [{ amount: { currency_code: 'EUR', value: '5.00' } }] };
    expect((await ask('/v2/checkout/orders', other, key('k'))).body.details[0].issue).toBe(
      'DUPLICATE_REQUEST_ID',
    );
  });

  it('authorises an order once', async () => {
    const { ask, webhooks } = await start();
    const { id } = (await ask('/v2/checkout/orders', order)).body;
    expect((await ask(`/v2/checkout/orders/${id}/authorize`, {})).body.details[0].issue).toBe(
      'ORDER_NOT_APPROVED',
    );
    const done = await ask(`/v2/checkout/orders/${id}/authorize`, card('vault_card_ok'));
    expect(done.body).toMatchObject({ status: 'COMPLETED' });
    const again = await ask(`/v2/checkout/orders/${id}/authorize`, card('vault_card_ok'));
    expect(again.body.details[0].issue).toBe('ORDER_ALREADY_AUTHORIZED');
    expect(webhooks.messages.map(({ type }) => type)).toEqual(['PAYMENT.AUTHORIZATION.CREATED']);
  });

  it('knows its own signatures from others, and from those for other bodies', async () => {
    const { ask, signing } = await start();
    const body = JSON.stringify({ id: 'WH-1', resource: { id: 'ß' } });
    const signed = signing.signer({ id: 'WH-1', type: 't', body });
    const asked = (change: object) =>
      ask('/v1/notifications/verify-webhook-signature', {
        transmission_id: signed['paypal-transmission-id'],
        transmission_time: signed['paypal-transmission-time'],
        transmission_sig: signed['paypal-transmission-sig'],
        ...{ cert_url: 'x', auth_algo: 'SHA256withRSA', webhook_id: 'WH1', webhook_event: JSON.parse(body) },
        ...change,
      });
    expect((await asked({})).body).toEqual({ verification_status: 'SUCCESS' });
    for (const change of [
      { webhook_event: { id: 'WH-2' } },
      { webhook_id: 'WH2' },
      { transmission_id: 'x' },
    ]) {
      expect((await asked(change)).body).toEqual({ verification_status: 'FAILURE' });
    }
  });

  it('keeps its state over a restart when there is a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    open.push(() => rmSync(folder, { recursive: true }));
    const { id } = (await (await start(folder)).ask('/v2/checkout/orders', order, key('k'))).body;
    const second = await start(folder);
    expect((await second.ask('/v2/checkout/orders', order, key('k'))).body.id).toBe(id);
    await fetch(`${second.url}/_sandbox/reset`, { method: 'POST' });
    expect((await second.ask(`/v2/checkout/orders/${id}`)).status).toBe(404);
  });
});

describe('Square', () => {
  const start = async () => {
    const webhooks = new Kept();
    const store = new SquareStore({ limit: 100 });
    const url = await listen(createSquare({ store, webhooks, accessToken: 'token' }));
    return { url, webhooks, ask: asking(url, 'Bearer token') };
  };
  const payment = (more: object = {}) => ({
    ...{ source_id: 'cnon:card-nonce-ok', idempotency_key: randomUUID(), autocomplete: false },
    ...{ amount_money: { amount: 1999, currency: 'EUR' }, ...more },
  });
  const codeOf = ({ body }: { body: { errors: { code: string }[] } }) => body.errors[0]?.code;

  it('lets nobody in without the token', async () => {
    const { url } = await start();
    expect(codeOf(await asking(url, 'Bearer wrong')('/v2/payments', payment()))).toBe('UNAUTHORIZED');
  });

  it('demands a key of 45 characters at most, and replays it', async () => {
    const { ask } = await start();
    expect(codeOf(await ask('/v2/payments', payment({ idempotency_key: '' })))).toBe(
      'MISSING_REQUIRED_PARAMETER',
    );
    expect(codeOf(await ask('/v2/payments', payment({ idempotency_key: 'k'.repeat(46) })))).toBe(
      'VALUE_TOO_LONG',
    );
    const one = payment();
    expect(await ask('/v2/payments', one)).toEqual(await ask('/v2/payments', one));
    const other = { ...one, amount_money: { amount: 5, currency: 'EUR' } };
    expect(codeOf(await ask('/v2/payments', other))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('keeps a refused payment as failed, and says why', async () => {
    const { ask } = await start();
    const refused = await ask('/v2/payments', payment({ source_id: 'cnon:card-nonce-declined' }));
    expect([codeOf(refused), refused.body.payment.status]).toEqual(['GENERIC_DECLINE', 'FAILED']);
  });

  it('lists what it has in pages, newest first', async () => {
    const { ask } = await start();
    for (let i = 0; i < 5; i += 1) await ask('/v2/payments', payment({ reference_id: `r-${i}` }));
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await ask(`/v2/payments?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.payments.map(({ reference_id }: { reference_id: string }) => reference_id));
      if (!body.cursor) break;
      cursor = body.cursor;
    }
    expect(seen).toEqual(['r-4', 'r-3', 'r-2', 'r-1', 'r-0']);
  });

  it('signs the address together with the body', () => {
    const sign = squareSigner('key', 'https://shop/hook');
    const signature = (body: string) => sign({ id: '1', type: 't', body })['x-square-hmacsha256-signature'];
    expect(signature('{}')).toMatch(/^[\w+/]{43}=$/);
    expect(signature('{}')).not.toBe(signature('{ }'));
  });
});

describe('faults', () => {
  it('meet the requests they are meant for, one each', async () => {
    const store = new SquareStore({ limit: 100 });
    const url = await listen(createSquare({ store, webhooks: new Kept(), accessToken: 'token' }));
    const ask = asking(url, 'Bearer token');
    const { status } = await ask('/_sandbox/faults', { kind: 'error_500', path: 'refunds', count: 1 });
    expect(status).toBe(200);
    const body = { source_id: 'cnon:card-nonce-ok', autocomplete: false };
    const money = { amount_money: { amount: 5, currency: 'EUR' } };
    const paid = await ask('/v2/payments', { ...body, ...money, idempotency_key: 'a' });
    const payment_id = paid.body.payment.id;
    await ask(`/v2/payments/${payment_id}/complete`, {});
    const refund = { ...money, payment_id, idempotency_key: 'b' };
    const answers = [await ask('/v2/refunds', refund), await ask('/v2/refunds', refund)];
    expect(answers.map((answer) => answer.status)).toEqual([500, 200]);
    expect((await ask('/_sandbox/faults', { kind: 'nonsense' })).status).toBe(400);
  });
});
