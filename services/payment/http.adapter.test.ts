import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { paymentIdOf } from './application/ids';
import { keys, startService, until } from './service.fixtures';

// Joining a consumer group may take a while on a busy machine; the waits end as soon as they can.
jest.setTimeout(60_000);

let service: Awaited<ReturnType<typeof startService>>;
beforeAll(async () => {
  service = await startService();
}, 120_000);
afterAll(() => service?.stop(), 30_000);

type Shop = typeof service;
const wish: Shop['wish'] = (...args) => service.wish(...args);
const answer: Shop['answer'] = (...args) => service.answer(...args);
const answers: Shop['answers'] = (...args) => service.answers(...args);
const charges: Shop['charges'] = (...args) => service.charges(...args);
const paymentOf: Shop['paymentOf'] = (...args) => service.paymentOf(...args);

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

describe('giving money back', () => {
  const post = (id: string, body: object, key: string = randomUUID()) =>
    request(service.app)
      .post(`/v1/payments/${id}/refunds`)
      .set({ authorization: 's-1', 'idempotency-key': key })
      .send(body);
  const eur = (amount: number) => ({ amount, currency: 'EUR' });
  const paid = async () => {
    const orderId = await wish('pm_card_visa');
    await answer(orderId);
    return { orderId, id: paymentIdOf(orderId) };
  };

  it('gives back a part once per key, then the rest, and tells the order', async () => {
    const { orderId, id } = await paid();
    const key = randomUUID();
    const body = { amount: eur(500), reason: 'broken' };
    const first = await post(id, body, key);
    expect([first.status, first.body]).toMatchObject([202, { status: 'pending', ...body }]);
    await until('the refund', async () => (await paymentOf(orderId)).refunded);
    expect((await post(id, body, key)).body).toEqual({ ...first.body, status: 'done' });
    expect((await post(id, { amount: eur(501) }, key)).body.type).toContain('idempotency-key-reused');
    expect((await post(id, { amount: eur(1500) })).body.type).toContain('refund-too-much');
    expect((await post(id, {})).body).toMatchObject({ amount: eur(1499) });
    await until('all of it', async () => (await paymentOf(orderId)).status === 'refunded');
    expect(await charges(orderId)).toMatchObject([{ amount_refunded: 1999 }]);
    const told = () => answers(orderId).filter(({ type }) => type === 'payment.refunded.v1');
    await until('the order to hear', () => told().length === 2);
    expect(told().map(({ data }) => data.amount)).toEqual([eur(500), eur(1499)]);
    const all = await request(service.app).get(`/v1/payments/${id}/refunds`).set('authorization', 's-1');
    expect(all.body.items).toMatchObject([{ status: 'done' }, { status: 'done' }]);
  });

  it('refuses what was never taken, and what is no refund', async () => {
    const orderId = await wish('pm_card_chargeDeclined');
    await answer(orderId);
    expect((await post(paymentIdOf(orderId), {})).body.type).toContain('not-captured');
    expect((await post(randomUUID(), {})).status).toBe(404);
    const { id } = await paid();
    expect((await post(id, { amount: { amount: 1, currency: 'USD' } })).body.type).toContain('currency');
    for (const amount of [0, -1, 1.5, '1']) {
      expect((await post(id, { amount: { amount, currency: 'EUR' } })).status).toBe(400);
    }
  });
});

describe('webhooks', () => {
  const { secret } = keys.stripe;
  const send = (payload: string, signature?: string) => {
    const post = request(service.app).post('/v1/webhooks/stripe').set('content-type', 'application/json');
    return (signature === undefined ? post : post.set('stripe-signature', signature)).send(payload);
  };
  const sign = (payload: string, more: object = {}) =>
    service.stripe.webhooks.generateTestHeaderString({ payload, secret, ...more } as never);
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
    (
      await service.pool.query('select count(*)::int as n from gateway_notifications where event_id = $1', [
        id,
      ])
    ).rows[0].n as number;

  it('takes those of Stripe for its own charges', async () => {
    const orderId = await wish('pm_card_visa');
    await answer(orderId);
    await until(
      'its webhook',
      async () => (await service.pool.query('select 1 from gateway_notifications')).rowCount,
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
    const late = await service.stripe.paymentIntents.create({
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
    '/v1/payments/{id}/refunds',
    '/v1/webhooks/stripe',
    '/v1/webhooks/paypal',
    '/v1/webhooks/square',
  ]);
});
