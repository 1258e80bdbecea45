import { Secret, TOTP } from 'otpauth';
import type { OneTimeCodes } from '../application/ports';
import { STEP_MS } from '../domain/second-factor';

const ISSUER = 'ecommerce-platform';

/** RFC 6238 with what every authenticator app knows: SHA-1, six digits, 30 s, one step of tolerance. */
export const createTotp = (): OneTimeCodes => ({
  create(label) {
    const secret = new Secret({ size: 20 });
    return { secret: secret.base32, uri: new TOTP({ issuer: ISSUER, label, secret }).toString() };
  },
  stepOf(secret, code, now) {
    if (!/^\d{6}$/.test(code)) return undefined;
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    const delta = totp.validate({ token: code, timestamp: now.getTime(), window: 1 });
    return delta === null ? undefined : Math.floor(now.getTime() / STEP_MS) + delta;
  },
});
