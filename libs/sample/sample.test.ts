import { sampleId, sampleStock } from './sample';

test('has the stock that shops were filled with before', () => {
  expect([1, 2, 3, 42, 1999].map(sampleStock)).toEqual([215, 188, 0, 130, 220]);
  expect(sampleId(42)).toBe('prd-00042');
});

test('has a few sold-out products among many that are there', () => {
  const soldOut = Array.from({ length: 2000 }, (_, index) => sampleStock(index + 1)).filter((n) => n === 0);
  expect(soldOut.length).toBeGreaterThan(10);
  expect(soldOut.length).toBeLessThan(100);
});
