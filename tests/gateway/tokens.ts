import { createPrivateKey, generateKeyPairSync, type JsonWebKey, randomUUID, sign } from 'node:crypto';
import type { Asker } from './behaviour';

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface SigningKey extends JsonWebKey {
  kid: string;
}

/** An access token (ES256) as user-service writes them, whatever it says. */
export function tokenOf(key: SigningKey, claims: object): string {
  const text = `${encoded({ alg: 'ES256', kid: key.kid, typ: 'JWT' })}.${encoded(claims)}`;
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

/** The `Authorization` header of each; `key` is the one that signs in earnest. */
export function askers(key: SigningKey): Record<Asker, string | undefined> {
  const now = Math.floor(Date.now() / 1000);
  const claims = (more: object = {}) => ({
    iss: 'ecommerce-platform',
    aud: 'ecommerce-platform',
    sub: randomUUID(),
    iat: now,
    exp: now + 900,
    roles: ['customer'],
    ...more,
  });
  const bearer = (more?: object, by: SigningKey = key) => `Bearer ${tokenOf(by, claims(more))}`;
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return {
    nobody: undefined,
    customer: bearer(),
    'another-customer': bearer(),
    admin: bearer({ roles: ['customer', 'admin'] }),
    reporter: bearer({ scope: 'orders:read reports:read' }),
    expired: bearer({ iat: now - 2000, exp: now - 1000 }),
    forged: bearer({}, { ...other, kid: key.kid }),
    'other-issuer': bearer({ iss: 'somebody-else' }),
    'other-audience': bearer({ aud: 'something-else' }),
    nonsense: 'Bearer nonsense',
  };
}
