import fc from 'fast-check';
import { changesOf, differences } from './diff';
import { duration, quantity, sameMeaning } from './normalise';

describe('quantities', () => {
  it.each([
    ['1000m', '1'],
    ['1024Mi', '1Gi'],
    ['0.5', '500m'],
    [2, '2'],
    ['1000k', '1M'],
  ])('%s is %s', (one, other) => expect(quantity(one)).toBeCloseTo(quantity(other) ?? Number.NaN, 9));

  it.each(['', 'abc', '1Xi', '1 Gi', null, {}])('%s is none', (value) =>
    expect(quantity(value)).toBeUndefined(),
  );

  it('of any size are the same in thousandths', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (cores) =>
        sameMeaning('spec.resources.requests.cpu', `${cores * 1000}m`, String(cores)),
      ),
    );
  });

  it('count only where a quantity stands', () => {
    expect(sameMeaning('metadata.labels.version', '1000m', '1')).toBe(false);
    expect(sameMeaning('spec.timeout', '60s', '1m')).toBe(true);
    expect(sameMeaning('spec.timeout', '60s', '61s')).toBe(false);
    expect(duration('1m30s')).toBe(90);
  });
});

describe('differences', () => {
  it('of a value and itself are none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => differences(value, structuredClone(value)).length === 0),
    );
  });

  it('of two texts at the same place are one, with both', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.array(fc.constantFrom('spec', 'a', 'b')),
        (one, other, keys) => {
          fc.pre(one !== other);
          const nest = (text: string) => keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), text);
          expect(differences(nest(one), nest(other))).toEqual([
            { path: keys.join('.'), kind: 'change', before: one, after: other },
          ]);
        },
      ),
    );
  });

  it('of lists whose items have names are told by name, wherever an item stands', () => {
    const before = {
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    };
    const after = {
      env: [
        { name: 'NEW', value: '0' },
        { name: 'B', value: '3' },
        { name: 'A', value: '1' },
      ],
    };
    expect(differences(before, after)).toEqual([
      { path: 'env[B].value', kind: 'change', before: '2', after: '3' },
      { path: 'env[NEW]', kind: 'add', before: undefined, after: { name: 'NEW', value: '0' } },
    ]);
  });

  it('of other lists show an insertion as one', () => {
    expect(differences(['a', 'b', 'c'], ['a', 'x', 'b', 'c'])).toEqual([
      { path: '[1]', kind: 'add', before: undefined, after: 'x' },
    ]);
  });

  it('leave out what the server fills in and what only is written differently', () => {
    const before = { metadata: { uid: '1', name: 'a' }, spec: { resources: { limits: { cpu: '1000m' } } } };
    const after = { metadata: { uid: '2', name: 'a' }, spec: { resources: { limits: { cpu: '1' } } } };
    expect(differences(before, after)).toEqual([]);
  });

  it('say that a checksum changed, not from what to what, so that they fold', () => {
    const of = (value: string) => ({ annotations: { 'config/checksum': value } });
    expect(differences(of('1f3a'), of('77aa'))).toEqual([
      { path: 'annotations.config/checksum', kind: 'change', before: 'old', after: 'new' },
    ]);
  });

  it('keep the news that a secret changed, which its blotted values do not tell', () => {
    const hidden = { path: 'data.url', kind: 'change' as const, before: '[secret]', after: '[secret]' };
    const inputs = { data: { url: '[secret]' } };
    expect(changesOf(inputs, inputs, [hidden], false)).toEqual([hidden]);
  });
});
