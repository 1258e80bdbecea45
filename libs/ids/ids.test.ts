import fc from 'fast-check';
import { uuidOf, uuidv7 } from './ids';

const shape = (version: number) =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);
const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test('ids of version 7 sort by the time they were made at, and two of one time differ', () => {
  fc.assert(
    fc.property(time, time, (one, other) => {
      expect(uuidv7(one)).toMatch(shape(7));
      expect(uuidv7(one)).not.toBe(uuidv7(one));
      if (one !== other) expect(uuidv7(one) < uuidv7(other)).toBe(one < other);
    }),
  );
});

test('the id of a text is the same for ever, for payments and labels are stored under theirs', () => {
  expect(uuidOf('payment of order o-1')).toBe('220656a9-070a-8747-a563-008b66d27ede');
  expect(uuidOf('usps label o-1', 4)).toBe('2928999b-f008-48c1-9fb9-b117c0b52b5e');
});

test('the ids of two texts differ', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      expect(uuidOf(one)).toMatch(shape(8));
      expect(uuidOf(one) === uuidOf(other)).toBe(one === other);
    }),
  );
});
