import { randomUUID } from 'node:crypto';
import type { GatewayName } from './application/ports';
import { contract, createJudge, type Exchange, itWithContracts, startRecorder } from './contracts.fixtures';
import { connect, type Sandboxes, startSandboxes } from './service.fixtures';

jest.setTimeout(60_000);

let sandboxes: Sandboxes;
beforeAll(async () => {
  sandboxes = await startSandboxes();
}, 60_000);
afterAll(() => sandboxes?.stop());

const amount = { amount: 1999, currency: 'EUR' };

/** Everything an adapter can do, with good and bad ends; what was said on the way. */
const everything = async (name: GatewayName, good: string, bad: string): Promise<Exchange[]> => {
  const recorder = await startRecorder(sandboxes.urlOf(name));
  const gateway = connect[name](recorder.url);
  const authorised = async (paymentMethod: string) => {
    const wanted = { paymentId: randomUUID(), orderId: randomUUID(), amount, paymentMethod };
    const outcome = await gateway.authorise(wanted);
    const now = new Date().toISOString();
    await gateway.find({ ...wanted, since: now, attemptedAt: now });
    return { ...wanted, transactionId: 'transactionId' in outcome ? outcome.transactionId : '' };
  };
  await authorised(bad);
  const voided = await authorised(good);
  await gateway.void(voided);
  await gateway.capture(voided);
  const taken = await authorised(good);
  const captured = await gateway.capture(taken);
  await gateway.void(taken);
  const id = 'id' in captured ? captured.id : '';
  for (const part of [500, 1499, 1]) {
    const refund = { paymentId: taken.paymentId, transactionId: id, refundId: randomUUID() };
    for (const again of [false, true]) {
      await gateway.refund({ ...refund, amount: { ...amount, amount: part }, again });
    }
  }
  const [from, to] = [Date.now() - 60_000, Date.now() + 60_000].map((time) => new Date(time).toISOString());
  await gateway.movements(String(from), String(to));
  recorder.stop();
  return recorder.exchanges;
};

const faults = (judge: ReturnType<typeof createJudge>, exchanges: Exchange[]) => [
  ...new Set(exchanges.flatMap(judge).map((fault) => fault.replace(/\/[\w-]{15,}/g, '/…'))),
];

itWithContracts('paypal')('the PayPal adapter and its sandbox speak as PayPal has published', async () => {
  const exchanges = (
    await Promise.all(
      ['vault_card_declined', 'paypal:vault_paypal_declined'].map((bad) =>
        everything('paypal', bad.startsWith('paypal') ? 'paypal:vault_paypal_ok' : 'vault_card_ok', bad),
      ),
    )
  ).flat();
  const judges = {
    '/v2/checkout/': createJudge(contract('paypal', 'checkout_orders_v2.json')),
    '/v2/payments/': createJudge(contract('paypal', 'payments_payment_v2.json')),
  };
  const judged = Object.entries(judges).flatMap(([prefix, judge]) =>
    faults(
      judge,
      exchanges.filter(({ path }) => path.startsWith(prefix)),
    ),
  );
  expect(judged).toEqual([]);
  expect(
    new Set(exchanges.map(({ method, path }) => `${method} ${path.replace(/\/\w{17}\b/, '/{id}')}`)),
  ).toEqual(
    new Set([
      'post /v1/oauth2/token',
      'post /v2/checkout/orders',
      'get /v2/checkout/orders/{id}',
      'post /v2/checkout/orders/{id}/authorize',
      'get /v2/payments/authorizations/{id}',
      'post /v2/payments/authorizations/{id}/capture',
      'post /v2/payments/authorizations/{id}/void',
      'post /v2/payments/captures/{id}/refund',
      'get /v1/reporting/transactions',
    ]),
  );
});

itWithContracts('square')('the Square adapter and its sandbox speak as Square has published', async () => {
  const exchanges = await everything('square', 'cnon:card-nonce-ok', 'cnon:card-nonce-declined');
  expect(faults(createJudge(contract('square', 'api.json')), exchanges)).toEqual([]);
  expect(exchanges.length).toBeGreaterThan(15);
});

itWithContracts('square')('the judge sees what is wrong', async () => {
  const judge = createJudge(contract('square', 'api.json'));
  const money = { amount: 1, currency: 'EUR' };
  const sent = { source_id: 'x', idempotency_key: 'k'.repeat(46), amount_money: money, colour: 'red' };
  const exchange = { method: 'post', path: '/v2/payments', status: 200, sent, answered: {} };
  expect(judge(exchange)).toEqual([
    expect.stringContaining('must NOT have more than 45 characters'),
    expect.stringContaining('"unevaluatedProperty":"colour"'),
  ]);
  const nested = { ...sent, idempotency_key: 'k', amount_money: { ...money, colour: 'red' } };
  expect(judge({ ...exchange, sent: nested })).toHaveLength(2);
  expect(judge({ ...exchange, path: '/v3/payments' })).toEqual(['post /v3/payments is not in the contract']);
});
