import fc from 'fast-check';
import { loadCatalogue } from '../../infra/catalog/load';
import { planOf, targets } from './plan';

describe('a plan of chaos', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planOf(7, 20)).toEqual(planOf(7, 20));
    expect(planOf(7, 20)).not.toEqual(planOf(8, 20));
  });

  it('forgets no service', () => {
    const services = loadCatalogue('local').map(({ name }) => name);
    expect(Object.keys(targets).sort()).toEqual([...services, 'broker', 'database'].sort());
  });

  it('kills everything at least once while customers check out, in order of time', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 200 }), (seed, count) => {
        const { checkouts, kills } = planOf(seed, count);
        expect(checkouts).toHaveLength(count);
        expect(new Set(kills.map(({ target }) => target))).toEqual(new Set(Object.keys(targets)));
        for (const list of [checkouts, kills])
          expect(list.map(({ at }) => at)).toEqual(list.map(({ at }) => at).sort((a, b) => a - b));
      }),
      { numRuns: 30 },
    );
  });
});
