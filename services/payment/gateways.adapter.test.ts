// One suite for all gateways, each towards its stand-in: what the port promises, every adapter keeps.

import { randomUUID } from 'node:crypto';
import { freePort } from '@platform/libs/testing';
import { GATEWAYS, type GatewayName } from './application/ports';
import type { Settled } from './domain/settling';
import { connect, type Sandboxes, startSandboxes } from './service.fixtures';

jest.setTimeout(30_000);

let sandboxes: Sandboxes;
beforeAll(async () => {
  sandboxes = await startSandboxes();
}, 60_000);
afterAll(() => sandboxes?.stop());

interface Facts {
  good: string;
  declined: [token: string, reason: string][];
  wrongKey: object;
  /** Part of the path of the request that authorises. */
  authorise: string;
}

const facts: Record<GatewayName, Facts> = {
  stripe: {
    good: 'pm_card_visa',
    declined: [
      ['pm_card_chargeDeclined', 'generic_decline'],
      ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
      ['pm_nobody_has', 'resource_missing'],
    ],
    wrongKey: { apiKey: 'sk_test_wrong' },
    authorise: '/payment_intents',
  },
  paypal: {
    good: 'vault_card_ok',
    declined: [
      ['vault_card_declined', '5100'],
      ['paypal:vault_paypal_declined', 'instrument_declined'],
      ['vault_nobody_has', 'token_id_not_found'],
    ],
    wrongKey: { clientSecret: 'wrong' },
    authorise: '/authorize',
  },
  square: {
    good: 'cnon:card-nonce-ok',
    declined: [
      ['cnon:card-nonce-declined', 'generic_decline'],
      ['cnon:card-nonce-rejected-cvv', 'cvv_failure'],
      ['cnon:nobody-has', 'not_found'],
    ],
    wrongKey: { accessToken: 'wrong' },
    authorise: '/payments',
  },
};

const EUR = (amount: number) => ({ amount, currency: 'EUR' });

describe.each(GATEWAYS)('%s', (name) => {
  const { good, declined, wrongKey, authorise: path } = facts[name];
  const gateway = (more: object = {}) => connect[name](sandboxes.urlOf(name), more);
  const wish = (paymentMethod = good) => ({
    ...{ paymentId: randomUUID(), orderId: randomUUID(), amount: EUR(1999), paymentMethod },
  });
  const find = (wanted: ReturnType<typeof wish>, at = gateway()) => {
    const now = new Date().toISOString();
    return at.find({ ...wanted, since: now, attemptedAt: now });
  };
  const held = async () => {
    const wanted = wish();
    const outcome = await gateway().authorise(wanted);
    expect(outcome).toEqual({ kind: 'authorised', transactionId: expect.any(String) });
    const { transactionId } = outcome as { transactionId: string };
    return { ...wanted, transactionId };
  };
  const taken = async () => {
    const payment = await held();
    const result = await gateway().capture(payment);
    expect(result).toEqual({ kind: 'done', id: expect.any(String) });
    return { ...payment, captureId: (result as { id: string }).id };
  };
  type Taken = Awaited<ReturnType<typeof taken>>;
  const refund = (payment: Taken, refundId: string, amount: number, again = false): Promise<Settled> =>
    gateway().refund({
      ...{ paymentId: payment.paymentId, transactionId: payment.captureId, refundId, again },
      amount: EUR(amount),
    });

  it('sets money aside once, however often it is asked, and finds it', async () => {
    const wanted = wish();
    expect(await find(wanted)).toEqual({ kind: 'not_charged' });
    const first = await gateway().authorise(wanted);
    expect(first.kind).toBe('authorised');
    expect([await gateway().authorise(wanted), await find(wanted)]).toEqual([first, first]);
  });

  it.each(declined)('is final about %s: %s', async (token, reason) => {
    expect(await gateway().authorise(wish(token))).toEqual({ kind: 'declined', reason });
  });

  it('finds what was set aside although the answer never came', async () => {
    const wanted = wish();
    await sandboxes.fault(name, 'timeout_after_charge', { path });
    expect(await gateway({ timeoutMs: 200 }).authorise(wanted)).toEqual({
      kind: 'unknown',
      error: 'ETIMEDOUT',
    });
    const found = await find(wanted);
    expect(found.kind).toBe('authorised');
    expect(await gateway().authorise(wanted)).toEqual(found);
  });

  it('knows busy from broken, and broken from done', async () => {
    const wanted = wish();
    await sandboxes.fault(name, 'rate_limit', { path });
    expect(await gateway().authorise(wanted)).toEqual({ kind: 'retriable', error: 'rate_limited' });
    await sandboxes.fault(name, 'error_500', { path });
    expect(await gateway().authorise(wanted)).toEqual({ kind: 'unknown', error: 'http_500' });
    expect(await find(wanted)).toEqual({ kind: 'not_charged' });
    expect((await gateway().authorise(wanted)).kind).toBe('authorised');
  });

  it('knows a gateway that is not there from credentials that are not right', async () => {
    const nobody = connect[name](`http://127.0.0.1:${await freePort()}`);
    expect((await nobody.authorise(wish())).kind).toBe('retriable');
    expect((await find(wish(), nobody)).kind).toBe('unknown');
    expect((await nobody.capture(await held())).kind).toBe('failed');
    expect((await gateway(wrongKey).authorise(wish())).kind).toBe('misconfigured');
    expect((await find(wish(), gateway(wrongKey))).kind).toBe('unknown');
  });

  it('takes what was set aside, once, also when the answer was lost', async () => {
    const payment = await held();
    await sandboxes.fault(name, 'timeout_after_charge', { path: name === 'square' ? 'complete' : 'capture' });
    expect(await gateway({ timeoutMs: 200 }).capture(payment)).toEqual({
      kind: 'failed',
      error: 'ETIMEDOUT',
    });
    const done = await gateway().capture(payment);
    expect(done).toEqual({ kind: 'done', id: expect.any(String) });
    expect(await gateway().capture(payment)).toEqual(done);
    expect(await find(payment)).toMatchObject({
      kind: 'captured',
      transactionId: (done as { id: string }).id,
    });
  });

  it('gives up what was set aside, once, and takes it no more', async () => {
    const payment = await held();
    const { transactionId } = payment;
    expect(await gateway().void(payment)).toEqual({ kind: 'done', id: transactionId });
    expect(await gateway().void(payment)).toEqual({ kind: 'done', id: transactionId });
    expect(await gateway().capture(payment)).toEqual({ kind: 'refused', reason: 'authorisation_expired' });
    expect(await find(payment)).toEqual({ kind: 'voided', transactionId });
  });

  it('says so when it is to give up what was taken', async () => {
    const payment = await taken();
    expect(await gateway().void(payment)).toEqual({ kind: 'captured', id: payment.captureId });
  });

  it('gives back in parts, each once, and never more than was taken', async () => {
    const payment = await taken();
    const [one, two, three] = [randomUUID(), randomUUID(), randomUUID()];
    const first = await refund(payment, one, 500);
    expect(first).toEqual({ kind: 'done', id: expect.any(String) });
    expect([await refund(payment, one, 500), await refund(payment, one, 500, true)]).toEqual([first, first]);
    expect((await refund(payment, two, 1500)).kind).toBe('refused');
    await sandboxes.fault(name, 'timeout_after_charge', { path: 'refund' });
    const lost = connect[name](sandboxes.urlOf(name), { timeoutMs: 200 }).refund({
      ...{ paymentId: payment.paymentId, transactionId: payment.captureId, refundId: three, again: false },
      amount: EUR(1499),
    });
    expect((await lost).kind).toBe('failed');
    const rest = await refund(payment, three, 1499, true);
    expect(rest).toEqual({ kind: 'done', id: expect.any(String) });
    expect(rest).not.toEqual(first);
    expect(await refund(payment, randomUUID(), 1)).toEqual({ kind: 'refused', reason: 'already_refunded' });
  });

  it('tells what it took and gave back in a time', async () => {
    const from = new Date(Date.now() - 2000).toISOString();
    const payment = await taken();
    const back = (await refund(payment, randomUUID(), 500)) as { id: string };
    await held();
    const to = new Date(Date.now() + 2000).toISOString();
    const movements = await gateway().movements(from, to);
    const ours = movements.filter(({ id }) => id === payment.captureId || id === back.id);
    expect(ours.sort((a, b) => a.kind.localeCompare(b.kind))).toMatchObject([
      { kind: 'capture', id: payment.captureId, amount: EUR(1999) },
      { kind: 'refund', id: back.id, amount: EUR(500) },
    ]);
    const earlier = new Date(Date.parse(from) - 3_600_000).toISOString();
    expect(await gateway().movements(earlier, from)).not.toContainEqual(
      expect.objectContaining({ id: payment.captureId }),
    );
  });
});
