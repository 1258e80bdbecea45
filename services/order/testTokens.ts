import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Access tokens as the user service makes them, and forged ones. For tests only. */
export const createTokens = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = 'test';
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
  const claims = (more: object) => ({
    iss: 'ecommerce-platform',
    aud: 'ecommerce-platform',
    sub: 'c-1',
    scope: 'orders:read orders:write shipments:read',
    exp: Math.floor(Date.now() / 1000) + 300,
    ...more,
  });
  const unsignedPart = (alg: string, more: object) =>
    `${encode({ alg, kid, typ: 'JWT' })}.${encode(claims(more))}`;
  return {
    jwks: { keys: [publicJwk] },
    token(more: object = {}): string {
      const text = unsignedPart('ES256', more);
      const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${text}.${signature.toString('base64url')}`;
    },
    unsigned: (): string => `${unsignedPart('none', {})}.`,
    confused(): string {
      const text = unsignedPart('HS256', {});
      const secret = publicKey.export({ format: 'pem', type: 'spki' });
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    },
  };
};
