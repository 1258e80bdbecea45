import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { generationsInUse, keyFile, signingKeyFrom } from './signing-keys';

const seed = (byte: number) => Buffer.alloc(32, byte).toString('base64');

test('any 32 bytes give a key that signs and verifies, the same bytes the same key', () => {
  const bytes = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((array) => Buffer.from(array).toString('base64'));
  fc.assert(
    fc.property(bytes, (each) => {
      const { d, ...open } = signingKeyFrom(each);
      const privateKey = createPrivateKey({ key: { ...open, d }, format: 'jwk' });
      const publicKey = createPublicKey({ key: open, format: 'jwk' });
      const signature = sign('sha256', Buffer.from('token'), privateKey);
      expect(verify('sha256', Buffer.from('token'), publicKey, signature)).toBe(true);
      expect(signingKeyFrom(each).kid).toBe(open.kid);
    }),
    { numRuns: 25 },
  );
});

test.each([0x00, 0xff])('bytes outside the curve (all 0x%s) give a key all the same', (byte) => {
  expect(signingKeyFrom(seed(byte)).d).toHaveLength(43);
});

test('refuses a seed of another length', () => {
  expect(() => signingKeyFrom('AAAA')).toThrow(/32 bytes, this one 3/);
});

test('the first key signs, the ones before are kept for tokens that still live', () => {
  const file = JSON.parse(keyFile([seed(2), seed(1)]));
  expect(file.active).toBe(signingKeyFrom(seed(2)).kid);
  expect(file.keys.map(({ kid }: { kid: string }) => kid)).toEqual([
    signingKeyFrom(seed(2)).kid,
    signingKeyFrom(seed(1)).kid,
  ]);
});

test('two generations at most are in use', () => {
  expect(generationsInUse(1)).toEqual([1]);
  expect(generationsInUse(4)).toEqual([4, 3]);
});
