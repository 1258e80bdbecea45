import type { IncomingMessage } from 'node:http';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Problem, unauthorized, unavailable } from './problem';

export const TOKEN_ISSUER = 'ecommerce-platform';
export const TOKEN_AUDIENCE = 'ecommerce-platform';

/** Who makes the request. */
export interface Principal {
  /** The user's id. */
  id: string;
  roles: string[];
}

/** @throws Problem 401 when there is no valid token, 503 when the keys cannot be had. */
export type Authenticator = (request: IncomingMessage) => Promise<Principal>;

/** Verifies ES256 access tokens against the user service's published keys, or against `keys` where they are at hand. */
export function authenticate(options: { jwksUrl: string } | { keys: JWTVerifyGetKey }): Authenticator {
  const keys =
    'keys' in options
      ? options.keys
      : createRemoteJWKSet(new URL(options.jwksUrl), {
          timeoutDuration: 2000,
          // An unknown key id asks again, at most this often; so a rotation is seen at once.
          cooldownDuration: 5000,
          cacheMaxAge: 900_000,
        });
  return async (request) => {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !token) {
      throw unauthorized(
        'not-authenticated',
        'Send an access token: Authorization: Bearer <token from POST /v1/sessions>.',
      );
    }
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['ES256'],
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: 5,
      });
      const roles = Array.isArray(payload.roles) ? payload.roles.map(String) : [];
      return { id: payload.sub as string, roles };
    } catch (error) {
      throw asProblem(error);
    }
  };
}

function asProblem(error: unknown): Problem {
  if (error instanceof errors.JWTExpired) {
    return unauthorized(
      'token-expired',
      'The access token has expired: log in again with POST /v1/sessions.',
    );
  }
  const invalid =
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys;
  if (invalid)
    return unauthorized(
      'token-invalid',
      'The access token is not valid: log in again with POST /v1/sessions.',
    );
  return unavailable('Tokens cannot be checked at the moment, try again shortly.', error);
}
