import { createHash, timingSafeEqual } from 'node:crypto';
import { ALL_SCOPES, MACHINE_SCOPES } from './permissions';

export const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
export type GrantType = (typeof GRANTS)[number];

/** A program that was registered, for people (redirect URIs) or on its own behalf (a secret). */
export interface Client {
  id: string;
  /** What people are shown. */
  name: string;
  redirectUris: string[];
  grants: GrantType[];
  scopes: string[];
  /** A client that cannot keep a secret, such as an app in a browser, has none. */
  secretDigest?: Buffer;
}

/** RFC 6749, 4.1.2.1 and 5.2. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'access_denied';

export class OAuthError extends Error {
  readonly retriable = false;
  constructor(
    readonly code: OAuthErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'OAuthError';
  }
}

/** What a client asks a browser to bring. */
export interface AuthorisationRequest {
  response_type?: string;
  client_id?: string;
  redirect_uri?: string;
  scope?: string;
  state?: string;
  code_challenge?: string;
  code_challenge_method?: string;
}

/**
 * The redirect URI, only if it is one the client registered, to the letter. Undefined: the request is answered to the
 * person, never by redirecting, or we would send people wherever an attacker likes.
 */
export const redirectUriOf = (client: Client | undefined, uri: string | undefined): string | undefined =>
  client?.redirectUris.find((registered) => registered === uri);

/** @throws OAuthError invalid_scope. No scope asked for: all of the client's. */
export function grantedScopes(client: Client, asked: string | undefined): string[] {
  const scopes = asked === undefined ? client.scopes : asked.split(' ').filter(Boolean);
  const refused = scopes.filter((scope) => !client.scopes.includes(scope));
  if (refused.length > 0 || scopes.length === 0) {
    throw new OAuthError('invalid_scope', `this client may ask for: ${client.scopes.join(' ')}`);
  }
  return [...new Set(scopes)];
}

/** PKCE by S256 is demanded of every client (RFC 9700, 2.1.1). @throws OAuthError to be told by redirect. */
export function checkAuthorisation(client: Client, request: AuthorisationRequest): { scopes: string[] } {
  if (request.response_type !== 'code') {
    throw new OAuthError('unsupported_response_type', 'response_type must be code');
  }
  demandGrant(client, 'authorization_code');
  if (request.code_challenge_method !== 'S256' || !/^[\w-]{43}$/.test(request.code_challenge ?? '')) {
    throw new OAuthError('invalid_request', 'send code_challenge with code_challenge_method=S256');
  }
  return { scopes: grantedScopes(client, request.scope) };
}

/** @throws OAuthError unauthorized_client */
export function demandGrant(client: Client, grant: GrantType): void {
  if (!client.grants.includes(grant)) {
    throw new OAuthError('unauthorized_client', `this client was not registered for ${grant}`);
  }
}

/** RFC 7636, 4.6. */
export function provesChallenge(verifier: string, challenge: string): boolean {
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return false;
  const made = Buffer.from(createHash('sha256').update(verifier).digest('base64url'));
  const wanted = Buffer.from(challenge);
  return made.length === wanted.length && timingSafeEqual(made, wanted);
}

/** What is wrong with a client to be registered; undefined when nothing is. */
export function clientProblem({ redirectUris, grants, scopes, secretDigest }: Client): string | undefined {
  const forPeople = grants.includes('authorization_code');
  const forItself = grants.includes('client_credentials');
  if (forPeople === forItself)
    return 'it acts either for people (authorization_code) or for itself (client_credentials)';
  if (forItself && !secretDigest) return 'client_credentials needs a secret';
  if (forItself !== (redirectUris.length === 0))
    return 'redirect URIs belong to authorization_code, and it needs one';
  const wrongUri = redirectUris.find((uri) => !isRedirectUri(uri));
  if (wrongUri) return `${wrongUri} is no https URL without fragment (http only on loopback)`;
  const allowed = forItself ? MACHINE_SCOPES : ALL_SCOPES;
  const unknown = scopes.filter((scope) => !allowed.includes(scope));
  if (unknown.length > 0 || scopes.length === 0) return `scopes must be some of: ${allowed.join(' ')}`;
  return undefined;
}

function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, hash } = new URL(text);
  const secure = protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(hostname));
  return secure && username === '' && hash === '' && !text.includes('#');
}

/** The one part of the platform that asks this service about people: for an address at a time, to write to. */
export const notificationClient: Omit<Client, 'secretDigest'> = {
  id: 'notification-service',
  name: 'Notifications',
  redirectUris: [],
  grants: ['client_credentials'],
  scopes: ['users:contact'],
};
