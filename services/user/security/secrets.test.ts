import { newRecoveryCode, normaliseRecoveryCode } from '../application/opaque';
import { createSecretBox } from './secret-box';
import { createTotp } from './totp';

test('opens what it sealed, for the same owner and with the same key only', () => {
  const box = createSecretBox('a key');
  const sealed = box.seal('JBSWY3DPEHPK3PXP', 'u-1');
  expect(sealed.toString('latin1')).not.toContain('JBSWY3DP');
  expect(box.open(sealed, 'u-1')).toBe('JBSWY3DPEHPK3PXP');
  expect(() => box.open(sealed, 'u-2')).toThrow();
  expect(() => createSecretBox('another key').open(sealed, 'u-1')).toThrow();
});

test('makes recovery codes that differ and survive being typed by hand', () => {
  const codes = Array.from({ length: 200 }, newRecoveryCode);
  expect(new Set(codes).size).toBe(200);
  for (const code of codes) expect(code).toMatch(/^([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}$/);
  expect(normaliseRecoveryCode(' ABCD-efgh 2345-jkmn ')).toBe('abcdefgh2345jkmn');
});

describe('one-time codes', () => {
  const totp = createTotp();
  // RFC 6238, appendix B, SHA-1, the last six of eight digits.
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

  test.each([
    [59_000, '287082', 1],
    [1_111_111_109_000, '081804', 37_037_036],
    [20_000_000_000_000, '353130', 666_666_666],
  ])('at %i ms are those of RFC 6238', (ms, code, step) => {
    expect(totp.stepOf(secret, code, new Date(ms))).toBe(step);
  });

  test('are accepted one step early or late, not two', () => {
    const at = (steps: number) => totp.stepOf(secret, '287082', new Date(59_000 + steps * 30_000));
    expect([at(-1), at(0), at(1), at(2)]).toEqual([1, 1, 1, undefined]);
  });

  test.each(['28708', '2870822', 'abcdef', ''])('that look like %p belong to no step', (code) => {
    expect(totp.stepOf(secret, code, new Date(59_000))).toBeUndefined();
  });

  test('are made from a secret of 160 bits that an app can scan', () => {
    const { secret: made, uri } = totp.create('jane@example.org');
    expect(made).toMatch(/^[A-Z2-7]{32}$/);
    expect(uri).toBe(
      `otpauth://totp/ecommerce-platform:jane%40example.org?issuer=ecommerce-platform&secret=${made}&algorithm=SHA1&digits=6&period=30`,
    );
  });
});
