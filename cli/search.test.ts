import { renderComparison, renderRebuilt } from './search';

const clean = { index: 'product_search_4', products: 100, missing: [], stale: [], orphaned: [], repaired: 0 };

test('a comparison that finds nothing says so', () => {
  expect(renderComparison(clean)).toBe('product_search_4: compared with 100 products\nno difference');
});

test('what differs is told by its ids, and counted where there are many', () => {
  const missing = Array.from({ length: 12 }, (_, n) => `prd-${n}`);
  const text = renderComparison({ ...clean, missing, orphaned: [{ id: 'prd-99' }] });
  expect(text).toContain('missing   12: prd-0, prd-1,');
  expect(text).toContain('prd-9 and 2 more');
  expect(text).toContain('orphaned  1: prd-99');
  expect(text).not.toContain('stale');
  expect(text).not.toContain('no difference');
});

test('what was repaired is told, and that nothing is left', () => {
  expect(renderComparison({ ...clean, repaired: 3 })).toContain('repaired  3\nno difference');
});

test('without an index it says what to do instead of naming every product', () => {
  const text = renderComparison({ ...clean, index: null, missing: ['prd-1'] });
  expect(text).toMatch(/platform search rebuild$/);
});

test('a rebuild says how much it took up', () => {
  expect(renderRebuilt({ index: 'product_search_5', products: 100, caughtUp: 2 })).toBe(
    'product_search_5: made anew from 100 products, 2 of them changed meanwhile',
  );
});
