import { createHash } from 'node:crypto';
import {
  type Client,
  checkAuthorisation,
  clientProblem,
  grantedScopes,
  provesChallenge,
  redirectUriOf,
} from './oauth';

const shop: Client = {
  id: 'shop',
  name: 'Shop',
  redirectUris: ['https://shop.example/callback'],
  grants: ['authorization_code', 'refresh_token'],
  scopes: ['orders:read', 'orders:write'],
};
const machine: Client = {
  id: 'robot',
  name: 'Robot',
  redirectUris: [],
  grants: ['client_credentials'],
  scopes: ['users:read'],
  secretDigest: Buffer.alloc(32),
};
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const request = {
  response_type: 'code',
  client_id: 'shop',
  redirect_uri: 'https://shop.example/callback',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};

test('verifies the example of RFC 7636', () => {
  expect(provesChallenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', challenge)).toBe(true);
  expect(provesChallenge('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX', challenge)).toBe(false);
});

test('takes no verifier that is shorter than RFC 7636 allows, even if it fits', () => {
  expect(provesChallenge('short', createHash('sha256').update('short').digest('base64url'))).toBe(false);
});

test.each([
  'https://shop.example/callback/',
  'https://shop.example/callback?x=1',
  'https://shop.example/Callback',
  'https://shop.example.evil.example/callback',
  'https://evil.example/https://shop.example/callback',
  undefined,
])('takes a redirect URI to the letter only, not %s', (uri) => {
  expect(redirectUriOf(shop, uri)).toBeUndefined();
});

test.each([
  ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
  ['no challenge', { code_challenge: undefined }, 'invalid_request'],
  ['the plain method', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['no method, which would mean plain', { code_challenge_method: undefined }, 'invalid_request'],
  ['a challenge that is no digest', { code_challenge: 'abc' }, 'invalid_request'],
  ['a scope the client was not given', { scope: 'orders:read users:manage' }, 'invalid_scope'],
  ['an empty scope', { scope: ' ' }, 'invalid_scope'],
])('refuses an authorisation with %s', (_case, change, code) => {
  expect(() => checkAuthorisation(shop, { ...request, ...change })).toThrow(
    expect.objectContaining({ code }),
  );
});

test('refuses an authorisation to a client that acts for itself', () => {
  expect(() => checkAuthorisation(machine, request)).toThrow(
    expect.objectContaining({ code: 'unauthorized_client' }),
  );
});

test('grants what was asked for, or all the client has', () => {
  expect(grantedScopes(shop, 'orders:read orders:read')).toEqual(['orders:read']);
  expect(grantedScopes(shop, undefined)).toEqual(shop.scopes);
});

test.each([
  [
    'both kinds at once',
    { ...machine, grants: ['client_credentials', 'authorization_code'] },
    'either for people',
  ],
  ['neither', { ...shop, grants: ['refresh_token'] }, 'either for people'],
  ['a machine without a secret', { ...machine, secretDigest: undefined }, 'needs a secret'],
  ['a machine with redirect URIs', { ...machine, redirectUris: shop.redirectUris }, 'redirect URIs'],
  ['an app without any', { ...shop, redirectUris: [] }, 'redirect URIs'],
  ['plain http', { ...shop, redirectUris: ['http://shop.example/'] }, 'no https URL'],
  ['a fragment', { ...shop, redirectUris: ['https://shop.example/#'] }, 'no https URL'],
  ['a script', { ...shop, redirectUris: ['javascript:alert(1)'] }, 'no https URL'],
  ['an unknown scope', { ...shop, scopes: ['everything'] }, 'scopes must be'],
  ['a machine with rights over an account', { ...machine, scopes: ['account:write'] }, 'scopes must be'],
] as [string, Client, string][])('registers no client with %s', (_case, client, problem) => {
  expect(clientProblem(client)).toContain(problem);
});

test('registers an app on loopback and a machine', () => {
  expect(clientProblem({ ...shop, redirectUris: ['http://127.0.0.1:5173/callback'] })).toBeUndefined();
  expect(clientProblem(machine)).toBeUndefined();
});
