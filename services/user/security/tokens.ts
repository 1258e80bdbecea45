import { TOKEN_AUDIENCE, TOKEN_ISSUER } from '@platform/libs/http';
import { createLocalJWKSet, type JWTVerifyGetKey, SignJWT } from 'jose';
import type { TokenIssuer } from '../application/ports';
import { assuranceOf } from '../domain/permissions';
import type { SigningKeys } from './signing-keys';

export const ACCESS_TOKEN_SECONDS = 900;

export function createTokenIssuer(keys: () => SigningKeys): TokenIssuer {
  return {
    async issue({ subject, roles, scopes, methods, sessionId, clientId }, now) {
      const { kid, key } = keys().active;
      const issuedAt = Math.floor(now.getTime() / 1000);
      const accessToken = await new SignJWT({
        roles,
        scope: scopes.join(' '),
        ...(methods && { amr: methods, acr: assuranceOf(methods) }),
        ...(sessionId !== undefined && { sid: sessionId }),
        ...(clientId !== undefined && { client_id: clientId }),
      })
        .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
        .setIssuer(TOKEN_ISSUER)
        .setAudience(TOKEN_AUDIENCE)
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
        .sign(key);
      return { accessToken, expiresIn: ACCESS_TOKEN_SECONDS };
    },
  };
}

/** This service verifies with the keys at hand instead of asking itself over the network. */
export function localKeySet(keys: () => SigningKeys): JWTVerifyGetKey {
  let latest: { keys: SigningKeys; set: JWTVerifyGetKey } | undefined;
  return (header, token) => {
    const current = keys();
    if (latest?.keys !== current) latest = { keys: current, set: createLocalJWKSet(current.jwks) };
    return latest.set(header, token);
  };
}
