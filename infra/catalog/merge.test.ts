import fc from 'fast-check';
import { mergeOverrides } from './merge';

const plain = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 2 }));

test('nothing over something changes nothing', () => {
  fc.assert(fc.property(plain, (base) => expect(mergeOverrides(base, {})).toEqual(base)));
});

test('what the override says holds, and saying it twice changes nothing', () => {
  fc.assert(
    fc.property(plain, plain, (base, override) => {
      const once = mergeOverrides(base, override);
      expect(mergeOverrides(once, override)).toEqual(once);
      for (const key of Object.keys(base)) {
        if (!Object.hasOwn(override, key)) expect(once[key]).toEqual(base[key]);
      }
    }),
  );
});

test('lists are replaced, mappings merged', () => {
  expect(mergeOverrides({ a: [1, 2], b: { c: 1, d: 2 } }, { a: [3], b: { d: 4 } })).toEqual({
    a: [3],
    b: { c: 1, d: 4 },
  });
});
