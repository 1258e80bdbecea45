import { sampleId, sampleStock } from '@platform/libs/sample';
import { CATEGORIES, seedProduct } from './seed';

const products = Array.from({ length: 2000 }, (_, index) => seedProduct(index + 1));

test('makes the same product from the same number', () => {
  expect(seedProduct(42)).toEqual(seedProduct(42));
  expect(seedProduct(1)).toMatchObject({ id: 'prd-00001', price: { currency: 'EUR' } });
});

test('makes products that differ in id and sku, in every category, with whole positive prices', () => {
  expect(new Set(products.map(({ id }) => id)).size).toBe(2000);
  expect(new Set(products.map(({ sku }) => sku)).size).toBe(2000);
  expect(new Set(products.map(({ category }) => category))).toEqual(new Set(CATEGORIES));
  expect(products.every(({ price }) => Number.isInteger(price.amount) && price.amount > 0)).toBe(true);
});

test('has the ids and the stock that inventory starts with', () => {
  const ofInventory = products.map((_, index) => ({
    id: sampleId(index + 1),
    available: sampleStock(index + 1),
  }));
  expect(products.map(({ id, available }) => ({ id, available }))).toEqual(ofInventory);
});
