import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { paymentIdOf } from './application/ids';
import { GATEWAYS } from './application/ports';
import type { Reconciliation } from './application/reconciliation';
import { reconcileCommand } from './commands';
import { connect, startService, until } from './service.fixtures';

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
    await service.sandboxes.fault('stripe', 'timeout_after_charge');
    const orderId = await wish('pm_card_visa');
    expect((await answer(orderId)).type).toBe('payment.succeeded.v1');
    expect(await charges(orderId)).toHaveLength(1);
    expect(answers(orderId)).toHaveLength(1);
  });

  it('tries again after a pause when Stripe is busy', async () => {
    await service.sandboxes.fault('stripe', 'rate_limit');
    const started = Date.now();
    const orderId = await wish('pm_card_visa');
    expect((await answer(orderId)).type).toBe('payment.succeeded.v1');
    expect(Date.now() - started).toBeGreaterThanOrEqual(2000);
    expect(await charges(orderId)).toHaveLength(1);
  });

  it('asks, then charges once, when Stripe fails', async () => {
    await service.sandboxes.fault('stripe', 'error_500');
    const orderId = await wish('pm_card_visa');
    expect((await answer(orderId)).type).toBe('payment.succeeded.v1');
    expect(await charges(orderId)).toHaveLength(1);
  });
});

describe('paying through others', () => {
  it.each([
    ['paypal', 'vault_card_ok', 'vault_card_declined', '5100'],
    ['square', 'cnon:card-nonce-ok', 'cnon:card-nonce-declined', 'generic_decline'],
  ])('%s is charged or declines, and gives money back', async (gateway, good, bad, reason) => {
    const paid = await wish(good, randomUUID(), { gateway });
    expect(await answer(paid)).toMatchObject({ type: 'payment.succeeded.v1', data: { gateway } });
    const refused = await wish(bad, randomUUID(), { gateway });
    expect(await answer(refused)).toMatchObject({ type: 'payment.declined.v1', data: { gateway, reason } });
    const asked = await request(service.app)
      .post(`/v1/payments/${paymentIdOf(paid)}/refunds`)
      .set({ authorization: 's-1', 'idempotency-key': randomUUID() })
      .send({});
    expect(asked.status).toBe(202);
    await until('the refund', async () => (await paymentOf(paid)).status === 'refunded');
    await until('its webhooks', async () => {
      const text = 'select count(*)::int as n from gateway_notifications where gateway = $1';
      return (await service.pool.query(text, [gateway])).rows[0].n >= 3;
    });
    await until('both answers', () => answers(paid).length === 2);
    expect(answers(paid).map(({ type }) => type)).toEqual(['payment.succeeded.v1', 'payment.refunded.v1']);
  });

  it('goes to the fallback when the preferred one is broken, and charges there only', async () => {
    await service.sandboxes.fault('stripe', 'rate_limit', { count: 3 });
    const fallback = { gateway: 'square', paymentMethod: 'cnon:card-nonce-ok' };
    const orderId = await wish('pm_card_visa', randomUUID(), { fallback });
    expect(await answer(orderId)).toMatchObject({
      type: 'payment.succeeded.v1',
      data: { gateway: 'square' },
    });
    expect(await charges(orderId)).toEqual([]);
  });

  it('ends well however late the webhooks are', async () => {
    await service.sandboxes.late('square', 1500);
    await service.sandboxes.fault('square', 'timeout_after_charge', { path: '/payments' });
    const orderId = await wish('cnon:card-nonce-ok', randomUUID(), { gateway: 'square' });
    expect((await answer(orderId)).type).toBe('payment.succeeded.v1');
    await new Promise((done) => setTimeout(done, 2500));
    await service.sandboxes.late('square', 0);
    expect(answers(orderId)).toHaveLength(1);
    expect(await paymentOf(orderId)).toMatchObject({ status: 'succeeded' });
  });
});

describe('reconciliation', () => {
  const today = () => new Date().toISOString().slice(0, 10);
  const compare = async (...args: string[]) => {
    let report: Reconciliation | undefined;
    const code = await reconcileCommand({
      ...{ pool: service.pool, args, print: (line: string) => (report = JSON.parse(line)) },
      gateways: GATEWAYS.map((name) => connect[name](service.sandboxes.urlOf(name))),
    });
    return { code, report: report as Reconciliation };
  };

  it('finds the gateways and the ledger agreed about all of the above', async () => {
    const { code, report } = await compare(today());
    expect(report).toMatchObject({ date: today(), unbalanced: [] });
    for (const { movements, postings, differences } of report.gateways) {
      expect(differences).toEqual([]);
      expect(movements).toBe(postings);
      expect(movements).toBeGreaterThan(0);
    }
    expect(code).toBe(0);
  });

  it('finds what only the gateway knows, and what only the ledger knows', async () => {
    await service.stripe.paymentIntents.create({
      ...{ amount: 700, currency: 'eur', payment_method: 'pm_card_visa', confirm: true },
    });
    const { rows } = await service.pool.query(
      `update ledger_postings set reference = 'elsewhere' where ctid =
         (select ctid from ledger_postings where gateway = 'paypal' and amount > 0 and account = 'gateway_clearing' limit 1)
       returning payment_id`,
    );
    const { code, report } = await compare(today());
    expect(code).toBe(2);
    const capture = { kind: 'capture' };
    expect(report.gateways.map(({ differences }) => differences)).toMatchObject([
      [{ ...capture, what: 'not in the ledger', gateway: { amount: 700, currency: 'EUR' } }],
      [
        { ...capture, what: 'not in the ledger', gateway: { amount: 1999, currency: 'EUR' } },
        { ...capture, what: 'not at the gateway', id: 'elsewhere', paymentId: rows[0].payment_id },
      ],
      [],
    ]);
  });

  it('says how it is used', async () => {
    await expect(compare()).rejects.toThrow('Usage: reconcile YYYY-MM-DD');
    await expect(compare('2030-02-30')).rejects.toThrow('Usage');
    await expect(compare(today(), '--json')).rejects.toThrow('Usage');
  });
});
