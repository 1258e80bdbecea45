import fc from 'fast-check';
import type { Movement } from './ports';
import { type ClearingPosting, differencesOf, reconcile } from './reconciliation';

const day = { from: '2030-01-02T00:00:00.000Z', to: '2030-01-03T00:00:00.000Z' };
const at = '2030-01-02T12:00:00.000Z';
const eur = (amount: number) => ({ amount, currency: 'EUR' });
const moved = (more: Partial<Movement> = {}): Movement => ({
  ...{ kind: 'capture', id: 'pi_1', amount: eur(1000), at },
  ...more,
});
const posted = (more: Partial<ClearingPosting> = {}): ClearingPosting => ({
  ...{ paymentId: 'p-1', reference: 'pi_1', amount: 1000, currency: 'EUR', at },
  ...more,
});

it('finds nothing where both say the same, also when one said it on another day', () => {
  expect(differencesOf(day, [moved()], [posted()])).toEqual([]);
  const refund = moved({ kind: 'refund', id: 're_1', amount: eur(300) });
  expect(differencesOf(day, [refund], [posted({ reference: 're_1', amount: -300 })])).toEqual([]);
  const before = '2030-01-01T23:59:59.000Z';
  expect(differencesOf(day, [moved({ at: before })], [posted()])).toEqual([]);
  expect(differencesOf(day, [moved()], [posted({ at: '2030-01-03T00:00:01.000Z' })])).toEqual([]);
});

it('finds what only the gateway knows, what only the ledger knows, and another amount', () => {
  expect(differencesOf(day, [moved()], [])).toEqual([
    { what: 'not in the ledger', kind: 'capture', id: 'pi_1', gateway: eur(1000) },
  ]);
  expect(differencesOf(day, [], [posted({ amount: -5 })])).toEqual([
    { what: 'not at the gateway', kind: 'refund', id: 'pi_1', paymentId: 'p-1', ledger: eur(5) },
  ]);
  const dollars = { amount: 1000, currency: 'USD' };
  for (const amount of [eur(999), dollars]) {
    expect(differencesOf(day, [moved({ amount })], [posted()])).toMatchObject([
      { what: 'another amount', gateway: amount, ledger: eur(1000) },
    ]);
  }
});

it('leaves other days alone', () => {
  const before = '2030-01-01T12:00:00.000Z';
  expect(differencesOf(day, [moved({ at: before })], [])).toEqual([]);
  expect(differencesOf(day, [], [posted({ at: before })])).toEqual([]);
});

it('finds each thing that was taken out on either side, and nothing else', () => {
  const things = fc.uniqueArray(fc.record({ id: fc.uuid(), amount: fc.integer({ min: 1, max: 1e9 }) }), {
    selector: ({ id }) => id,
    maxLength: 20,
  });
  fc.assert(
    fc.property(things, fc.nat(), fc.nat(), (all, a, b) => {
      const movements = all.filter((_, i) => i % 3 !== a % 3);
      const postings = all.filter((_, i) => i % 4 !== b % 4);
      const found = differencesOf(
        day,
        movements.map(({ id, amount }) => moved({ id, amount: eur(amount) })),
        postings.map(({ id, amount }) => posted({ reference: id, amount })),
      ).map(({ id }) => id);
      const onlyOne = all.filter((one) => movements.includes(one) !== postings.includes(one));
      expect(found.sort()).toEqual(onlyOne.map(({ id }) => id).sort());
    }),
  );
});

it('says which gateway could not be asked, and nothing of why that may be secret', async () => {
  const report = await reconcile('2030-01-02', {
    gateways: [
      { name: 'stripe', movements: async () => [moved()] },
      {
        name: 'paypal',
        async movements() {
          throw new TypeError('Bearer secret');
        },
      },
    ],
    postings: async (gateway) => (gateway === 'stripe' ? [posted()] : []),
    balance: async () => [
      { currency: 'EUR', total: 0 },
      { currency: 'USD', total: 1 },
    ],
  });
  expect(report).toEqual({
    date: '2030-01-02',
    gateways: [
      { gateway: 'stripe', movements: 1, postings: 1, differences: [] },
      { gateway: 'paypal', movements: 0, postings: 0, differences: [], error: 'TypeError' },
    ],
    unbalanced: [{ currency: 'USD', total: 1 }],
  });
});
