import { type Reconciliation, renderReconciliation, verdictOf } from './reconciliation';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const stripe = { gateway: 'stripe', movements: 2, postings: 2, differences: [] };
const day: Reconciliation = { date: '2030-01-02', gateways: [stripe], unbalanced: [] };

test('says what only one side knows, in words and by its exit code', () => {
  const differences = [
    { what: 'not in the ledger', kind: 'capture', id: 'pi_1', gateway: eur(700) },
    { what: 'another amount', kind: 'refund', id: 're_1', paymentId: 'p-1', gateway: eur(5), ledger: eur(6) },
  ];
  const found = {
    ...day,
    gateways: [{ ...stripe, differences }],
    unbalanced: [{ currency: 'EUR', total: 1 }],
  };
  expect(renderReconciliation(found)).toEqual([
    '2030-01-02 stripe: 2 there, 2 in the ledger, 2 differences',
    '  capture pi_1: not in the ledger (there 700 EUR)',
    '  refund re_1: another amount (there 5 EUR, here 6 EUR), payment p-1',
    'The ledger does not balance: 1 EUR',
  ]);
  expect([verdictOf(found), verdictOf(day)]).toEqual([2, 0]);
});

test('does not call a day well that could not be checked', () => {
  const found = { ...day, gateways: [stripe, { ...stripe, gateway: 'paypal', error: 'TypeError' }] };
  expect(renderReconciliation(found)[1]).toContain('paypal: not checked');
  expect(verdictOf(found)).toBe(1);
});
