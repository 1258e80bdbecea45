import { decideUpdate } from './editing';

const listing = {
  ...{ sku: 'KIT-1', name: 'Kettle', description: 'For tea.', category: 'kitchen' },
  price: { amount: 1990, currency: 'EUR' },
};
const other = { ...listing, name: 'Teapot' };

test.each([
  ['the version that stands', 3, other, { outcome: 'write', version: 4 }],
  ['an older version', 2, other, { outcome: 'conflict', version: 3 }],
  ['a version that is not there yet', 4, other, { outcome: 'conflict', version: 3 }],
  ['the version that stands, and says the same', 3, listing, { outcome: 'keep' }],
  ['the version before, and finds its own words: it was sent twice', 2, listing, { outcome: 'keep' }],
  ['a version long gone, whatever it says', 1, listing, { outcome: 'conflict', version: 3 }],
])('who saw %s', (_case, seen, wanted, decision) => {
  expect(decideUpdate({ ...listing, version: 3 }, seen, wanted)).toEqual(decision);
});

test('the order of a price’s members says nothing', () => {
  const turned = { ...listing, price: { currency: 'EUR', amount: 1990 } };
  expect(decideUpdate({ ...listing, version: 1 }, 1, turned)).toEqual({ outcome: 'keep' });
});
