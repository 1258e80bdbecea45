import * as fc from 'fast-check';
import { maxZones, rangeOf, subnetOf, tiersOf } from './cidr';

/** Any network from /8 to /20, its first address right. */
const network = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 20 - 1 }), fc.integer({ min: 8, max: 20 }))
  .map(([address, length]) => {
    const first = Math.floor(address / 2 ** (20 - length)) * 2 ** (32 - length);
    return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${length}`;
  });
const zones = fc.integer({ min: 2, max: maxZones });

test('subnets stay within their network and never overlap', () => {
  fc.assert(
    fc.property(network, zones, (cidr, count) => {
      const whole = rangeOf(cidr);
      const ranges = Object.values(tiersOf(cidr, count)).flat().map(rangeOf);
      ranges.sort((a, b) => a.first - b.first);
      expect(ranges).toHaveLength(3 * count);
      expect(ranges[0]?.first).toBeGreaterThanOrEqual(whole.first);
      expect(ranges.at(-1)?.last).toBeLessThanOrEqual(whole.last);
      for (const [index, range] of ranges.slice(1).entries()) {
        expect(range.first).toBeGreaterThan(ranges[index]?.last ?? Number.POSITIVE_INFINITY);
      }
    }),
  );
});

test('all parts of a network together are the network', () => {
  fc.assert(
    fc.property(network, fc.integer({ min: 0, max: 6 }), (cidr, bits) => {
      const parts = Array.from({ length: 2 ** bits }, (_, index) => rangeOf(subnetOf(cidr, bits, index)));
      expect(parts[0]?.first).toBe(rangeOf(cidr).first);
      expect(parts.at(-1)?.last).toBe(rangeOf(cidr).last);
      expect(new Set(parts.map(({ first, last }) => last - first)).size).toBe(1);
    }),
  );
});

test('adding a zone leaves the subnets of the others where they are', () => {
  const [three, four] = [tiersOf('10.0.0.0/16', 3), tiersOf('10.0.0.0/16', 4)];
  for (const tier of ['public', 'private', 'isolated'] as const) {
    expect(four[tier].slice(0, 3)).toEqual(three[tier]);
  }
});

test('divides a /16 over three zones', () => {
  expect(tiersOf('10.20.0.0/16', 3)).toEqual({
    private: ['10.20.0.0/19', '10.20.32.0/19', '10.20.64.0/19'],
    public: ['10.20.192.0/22', '10.20.196.0/22', '10.20.200.0/22'],
    isolated: ['10.20.224.0/22', '10.20.228.0/22', '10.20.232.0/22'],
  });
});

test.each(['10.0.0.1/16', '10.0.0.0', '10.0.0.0/33', '256.0.0.0/8', '10.0.0/16', ''])(
  'refuses %p with what to write',
  (cidr) => {
    expect(() => tiersOf(cidr, 3)).toThrow(/is no network; write its first address and its length/);
  },
);

test.each([1, 7, 2.5])('refuses %p zones', (count) => {
  expect(() => tiersOf('10.0.0.0/16', count)).toThrow(`zones is ${count}; 2 to 6 are allowed`);
});
