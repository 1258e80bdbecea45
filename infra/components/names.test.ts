import { assertInRange, assertNameFits } from './names';

test('a name that fits is given back, a longer one is refused and not cut', () => {
  expect(assertNameFits('a'.repeat(63))).toHaveLength(63);
  expect(() => assertNameFits('a'.repeat(64))).toThrow(/has 64 characters, 63 are allowed/);
});

test.each([0, 101, 1.5, Number.NaN])('a value out of range (%p) is told with field and bounds', (value) => {
  expect(() => assertInRange('scale.min', value, { min: 1, max: 100 })).toThrow(
    `scale.min is ${value}; a whole number from 1 to 100 is allowed`,
  );
});
