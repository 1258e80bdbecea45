import type { IncomingMessage } from 'node:http';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { Problem, unauthorized, unavailable } from './problem';

export const TOKEN_ISSUER = 'ecommerce-platform';
export const TOKEN_AUDIENCE = 'ecommerce-platform';
/** The only scope of someone who must have a second factor and has none yet. */
export const MFA_ENROLMENT = 'mfa:enrol';

/** Who makes the request. */
export interface Principal {
  /** The user's id; a machine's is its client id. */
  id: string;
  roles: string[];
  /** What the token allows. */
  scopes: string[];
  /** The session the token was issued in; a machine has none. */
  sessionId?: string;
}

/** @throws Problem 401 when there is no valid token, 503 when the keys cannot be had. */
export type Authenticator = (request: IncomingMessage) => Promise<Principal>;

/** A token found good is not looked at again for so long, in ms; keys are kept for longer than that anyway. */
const REMEMBERED_MS = 60_000;
const CLOCK_TOLERANCE = 5;

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
  const found = new LRUCache<string, Principal>({ max: 10_000, perf: Date });
  return async (request) => {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !token) {
      throw unauthorized(
        'not-authenticated',
        'Send an access token: Authorization: Bearer <token from POST /v1/sessions>.',
      );
    }
    const remembered = found.get(token);
    if (remembered) return remembered;
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['ES256'],
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: CLOCK_TOLERANCE,
      });
      const principal = principalOf(payload);
      const left = ((payload.exp as number) + CLOCK_TOLERANCE) * 1000 - Date.now();
      if (left > 0) found.set(token, principal, { ttl: Math.min(left, REMEMBERED_MS) });
      return principal;
    } catch (error) {
      throw asProblem(error);
    }
  };
}

function principalOf({ sub, roles, scope, sid }: JWTPayload): Principal {
  return {
    id: sub as string,
    roles: Array.isArray(roles) ? roles.map(String) : [],
    scopes: typeof scope === 'string' ? scope.split(' ') : [],
    ...(typeof sid === 'string' && { sessionId: sid }),
  };
}

/** @throws Problem 403 (RFC 6750: insufficient_scope) when the token does not carry `scope`. */
export function demandScope(principal: Principal, scope: string): void {
  if (principal.scopes.includes(scope)) return;
  throw new Problem(403, {
    code: 'insufficient-scope',
    detail: principal.scopes.includes(MFA_ENROLMENT)
      ? 'This account must have a second factor first: POST /v1/users/me/mfa, confirm it, and use the token of that answer.'
      : `This needs the scope '${scope}', which the access token does not carry.`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
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
