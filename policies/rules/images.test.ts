import fc from 'fast-check';
import { isExactTag, parseImage } from './images';

const word = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const host = fc.option(
  fc.tuple(
    fc.stringMatching(/^[a-z][a-z0-9]{0,8}\.[a-z]{2,5}$/),
    fc.option(fc.integer({ min: 1, max: 65535 })),
  ),
);
const repository = fc.tuple(host, fc.array(word, { minLength: 1, maxLength: 4 })).map(([where, path]) => {
  const [name, port] = where ?? [];
  const prefix = name === undefined ? [] : [port === null ? name : `${name}:${port}`];
  return [...prefix, ...path].join('/');
});
const tag = fc.option(fc.stringMatching(/^\w[\w.-]{0,20}$/), { nil: undefined });
const digest = fc.option(
  fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
  { nil: undefined },
);

describe('parseImage', () => {
  it('takes apart what was put together, whatever is left out', () => {
    fc.assert(
      fc.property(repository, tag, digest, (name, version, hash) => {
        const reference = `${name}${version ? `:${version}` : ''}${hash ? `@${hash}` : ''}`;
        expect(parseImage(reference)).toEqual({
          repository: name,
          ...(version && { tag: version }),
          ...(hash && { digest: hash }),
        });
      }),
    );
  });

  it('never throws, and never finds a tag or digest that is not in the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const image = parseImage(text);
        if (image?.tag) expect(text).toContain(`:${image.tag}`);
        if (image?.digest) expect(text).toContain(`@${image.digest}`);
      }),
    );
  });

  it.each([
    '',
    'shop:',
    'shop@',
    'shop@sha256:12',
    'Shop',
    'a b',
    'shop:1:2',
    'shop@sha256:x@y',
    'https://host/shop',
  ])('refuses %j', (text) => expect(parseImage(text)).toBeUndefined());
});

describe('an exact tag', () => {
  it('names one build: any full version or content hash', () => {
    const part = fc.nat(99);
    fc.assert(fc.property(part, part, part, (a, b, c) => isExactTag(`v${a}.${b}.${c}`, 'shop', [])));
    fc.assert(fc.property(fc.stringMatching(/^[0-9a-f]{16}$/), (hash) => isExactTag(hash, 'shop', [])));
  });

  it.each(['latest', 'stable', 'main', 'v1', '1.2', 'edge', 'nightly', '22-alpine', 'dev', 'feedback'])(
    'is not %s',
    (moving) => expect(isExactTag(moving, 'shop', [])).toBe(false),
  );
});
