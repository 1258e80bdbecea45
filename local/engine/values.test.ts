import fc from 'fast-check';
import {
  fromStruct,
  hasUnknown,
  keepSecrets,
  mapSealed,
  mapSecrets,
  type Properties,
  plain,
  Redactor,
  same,
  sealed,
  secret,
  shown,
  toStruct,
  unknown,
  type Value,
} from './values';

const value = (): fc.Arbitrary<Value> =>
  fc.letrec<{ any: Value }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<Value>(null, true, false, unknown),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
      fc.string(),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('any'), { maxKeys: 4, noNullPrototype: true }),
      tie('any').map(secret),
    ),
  })).any;

describe('values', () => {
  it('survive the way through a protobuf struct', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), value(), { noNullPrototype: true }),
        (properties) => {
          expect(fromStruct(toStruct(properties as Properties))).toEqual(properties);
        },
      ),
    );
  });

  it('come back from encryption as they were, and hold no secret meanwhile', () => {
    fc.assert(
      fc.property(value(), (original) => {
        const closed = mapSecrets(original, (inner) =>
          sealed(Buffer.from(JSON.stringify(inner)).toString('hex')),
        );
        const opened = mapSealed(closed, (text) => JSON.parse(Buffer.from(text, 'hex').toString()) as Value);
        expect(plain(opened)).toEqual(plain(original));
      }),
    );
  });

  it('keep secrets secret in outputs at the place where the input was secret', () => {
    const outputs = keepSecrets(
      { data: secret({ k: 'v' }), list: ['a', secret('b')] },
      { data: { k: 'v' }, list: ['a', 'b'], x: 1 },
    );
    expect(shown(outputs)).toEqual({ data: '[secret]', list: ['a', '[secret]'], x: 1 });
  });

  it('are compared as data, whatever is marked secret', () => {
    expect(same(secret('a'), 'a')).toBe(true);
    expect(same({ a: secret([1]) }, { a: [1] })).toBe(true);
    expect(same({ a: secret('x') }, { a: secret('y') })).toBe(false);
  });

  it('are unknown anywhere within, also inside a secret', () => {
    expect(hasUnknown({ a: [{ b: secret(unknown) }] })).toBe(true);
    expect(hasUnknown({ a: 'b' })).toBe(false);
  });
});

describe('redaction', () => {
  it('blots out what it learned, also in base64', () => {
    const redactor = new Redactor();
    redactor.add('hunter2');
    redactor.learn({ data: secret({ url: 'postgres://shop:pW9-x@db' }) });
    const encoded = Buffer.from('postgres://shop:pW9-x@db').toString('base64');
    expect(redactor.redact(`a hunter2 b postgres://shop:pW9-x@db c ${encoded}`)).toBe(
      'a [secret] b [secret] c [secret]',
    );
  });

  it('does not blot out plain words that happen to stand in a secret', () => {
    const redactor = new Redactor();
    redactor.learn(secret({ username: 'product-service' }));
    expect(redactor.redact('product-service is up')).toBe('product-service is up');
  });
});
