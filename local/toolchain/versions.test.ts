import * as fc from 'fast-check';
import { compareVersions } from './versions';

describe('Debian versions', () => {
  it.each([
    ['1.0', '1.1'],
    ['1.9', '1.10'],
    ['1.0~rc1', '1.0'],
    ['1.0~~', '1.0~rc1'],
    ['1.0', '1.0-1'],
    ['1.0-1', '1.0-1+deb12u1'],
    ['1.0a', '1.0+'],
    ['9.0', '1:1.0'],
    ['1.2.3-4', '1.2.3-10'],
  ])('%s comes before %s', (earlier, later) => {
    expect(compareVersions(earlier, later)).toBeLessThan(0);
    expect(compareVersions(later, earlier)).toBeGreaterThan(0);
  });

  it('are put in one order, whatever they look like', () => {
    const version = fc.stringMatching(/^([0-2]:)?[0-9][0-9a-b.+~]{0,6}(-[0-9a-b.+~]{1,4})?$/);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});
