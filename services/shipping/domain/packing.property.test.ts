import fc from 'fast-check';
import { type Item, PackingProblem, type Parcel, type ParcelLimits, pack } from './packing';

const limits: ParcelLimits = {
  ...{ maxWeightGrams: 30_000, maxLengthMm: 1200, maxLengthPlusGirthMm: 3000, maxParcels: 1000 },
};

const items = fc.array(
  fc.record({
    productId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    quantity: fc.integer({ min: 1, max: 12 }),
    weightGrams: fc.integer({ min: 1, max: 12_000 }),
    lengthMm: fc.integer({ min: 1, max: 900 }),
    widthMm: fc.integer({ min: 1, max: 400 }),
    heightMm: fc.integer({ min: 1, max: 400 }),
  }),
  { minLength: 1, maxLength: 12 },
);

const counted = (lists: { productId: string; quantity: number }[]) => {
  const counts: Record<string, number> = {};
  for (const { productId, quantity } of lists) counts[productId] = (counts[productId] ?? 0) + quantity;
  return counts;
};
const weightOf = (list: Item[]) => list.reduce((sum, item) => sum + item.quantity * item.weightGrams, 0);
const lengthPlusGirth = ({ lengthMm, widthMm, heightMm }: Parcel) => lengthMm + 2 * (widthMm + heightMm);

describe('packing', () => {
  it('loses nothing, adds nothing and keeps the weight', () => {
    fc.assert(
      fc.property(items, (list) => {
        const parcels = pack(list, limits);
        expect(counted(parcels.flatMap(({ contents }) => contents))).toEqual(counted(list));
        expect(parcels.reduce((sum, { weightGrams }) => sum + weightGrams, 0)).toBe(weightOf(list));
      }),
    );
  });

  it('exceeds no limit, and packs no parcel that is smaller than one of its pieces', () => {
    fc.assert(
      fc.property(items, (list) => {
        for (const parcel of pack(list, limits)) {
          expect(parcel.weightGrams).toBeLessThanOrEqual(limits.maxWeightGrams);
          expect(parcel.lengthMm).toBeLessThanOrEqual(limits.maxLengthMm);
          expect(lengthPlusGirth(parcel)).toBeLessThanOrEqual(limits.maxLengthPlusGirthMm);
          expect([parcel.lengthMm, parcel.widthMm]).toEqual(
            [parcel.lengthMm, parcel.widthMm].sort((a, b) => b - a),
          );
        }
      }),
    );
  });

  it('has room for its contents: no parcel is smaller than what lies in it', () => {
    fc.assert(
      fc.property(items, (list) => {
        const volume = list.reduce(
          (sum, { quantity, lengthMm, widthMm, heightMm }) => sum + quantity * lengthMm * widthMm * heightMm,
          0,
        );
        const packed = pack(list, limits).reduce(
          (sum, { lengthMm, widthMm, heightMm }) => sum + lengthMm * widthMm * heightMm,
          0,
        );
        expect(packed).toBeGreaterThanOrEqual(volume);
      }),
    );
  });

  it('does not depend on the order of the lines', () => {
    fc.assert(
      fc.property(items, (list) => {
        const weights = (lines: Item[]) =>
          pack(lines, limits)
            .map(({ weightGrams }) => weightGrams)
            .sort();
        expect(weights([...list].reverse()).length).toBe(weights(list).length);
      }),
      { numRuns: 50 },
    );
  });
});

const item = (more: Partial<Item> = {}): Item => ({
  ...{ productId: 'a', quantity: 1, weightGrams: 100, lengthMm: 100, widthMm: 100, heightMm: 100 },
  ...more,
});
const problemOf = (list: Item[], more: Partial<ParcelLimits> = {}) => {
  try {
    pack(list, { ...limits, ...more });
  } catch (error) {
    return error instanceof PackingProblem ? error.code : error;
  }
  return undefined;
};

describe('what cannot be packed', () => {
  it.each([
    ['too heavy', item({ weightGrams: 30_001 })],
    ['too long, whichever side that is', item({ heightMm: 1201 })],
    ['too bulky', item({ lengthMm: 1200, widthMm: 500, heightMm: 500 })],
  ])('is an item that is %s', (_, one) => {
    expect(problemOf([one])).toBe('item_too_large');
  });

  it('is more than one shipment takes', () => {
    expect(problemOf([item({ quantity: 2, weightGrams: 20_000 })], { maxParcels: 1 })).toBe(
      'too_many_parcels',
    );
    expect(problemOf([item({ quantity: 2, weightGrams: 15_000 })], { maxParcels: 1 })).toBeUndefined();
  });
});

it('packs the largest cart there can be', () => {
  const list = Array.from({ length: 50 }, (_, index) =>
    item({ productId: `p${index}`, quantity: 100, weightGrams: 200 + index, lengthMm: 100 + index }),
  );
  const packed = pack(list, limits).flatMap(({ contents }) => contents);
  expect(packed.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(50 * 100);
}, 30_000);
