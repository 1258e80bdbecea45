import { type RateLimit, type Route, type RouteAnswer, route } from '@platform/libs/http';
import type { Request } from 'express';
import { z } from 'zod';
import type { Authorisation, ClientCredentials } from '../application/authorisation';
import { normaliseEmail } from '../domain/email';
import { type AuthorisationRequest, type Client, GRANTS, OAuthError } from '../domain/oauth';
import { ALL_SCOPES } from '../domain/permissions';
import { consentPage, errorPage } from './consent-page';
import { refusalProblem } from './problems';

export interface OAuthRoutesDeps {
  authorisation: Authorisation;
  /** The shop's own address as clients know it: the issuer. */
  publicUrl: string;
  logins: Pick<RateLimit, 'windowMs' | 'limit'>;
}

const text = z.string().max(2000);
const request = {
  response_type: text.optional(),
  client_id: text.optional(),
  redirect_uri: text.optional(),
  scope: text.optional(),
  state: text.optional(),
  code_challenge: text.optional(),
  code_challenge_method: text.optional(),
};
const NO_STORE = { 'cache-control': 'no-store' };

/** What is no text, or comes twice, counts as missing, so that the answer is an error OAuth clients understand. */
const parameter = text.optional().catch(undefined).meta({ type: 'string' });

/** Parameters nobody knows are ignored, as RFC 6749, 3.1 and 3.2 demand. */
const authorisationRequest = z.object(request);
const consent = z.object({
  ...request,
  email: text.default(''),
  password: text.default(''),
  code: text.optional(),
  deny: text.optional(),
});
const clientSecrets = { client_id: parameter, client_secret: parameter };
const tokenRequest = z.object({
  ...clientSecrets,
  grant_type: parameter,
  code: parameter,
  redirect_uri: parameter,
  code_verifier: parameter,
  refresh_token: parameter,
  scope: parameter,
});
const revocation = z.object({ ...clientSecrets, token: parameter });

export function oauthRoutes({ authorisation, publicUrl, logins }: OAuthRoutesDeps): Route[] {
  const issuer = publicUrl.replace(/\/$/, '');
  const redirect = (
    uri: string,
    request: AuthorisationRequest,
    more: Record<string, string>,
  ): RouteAnswer => {
    const target = new URL(uri);
    const state = request.state === undefined ? {} : { state: request.state };
    for (const [name, value] of Object.entries({ ...more, ...state, iss: issuer })) {
      target.searchParams.set(name, value);
    }
    return { status: 303, headers: { ...NO_STORE, location: target.href } };
  };
  const withClient = async (
    request: AuthorisationRequest,
    answer: (client: Client, redirectUri: string, scopes: string[]) => Promise<RouteAnswer> | RouteAnswer,
  ): Promise<RouteAnswer> => {
    const looked = await authorisation.look(request);
    if (!looked)
      return html(400, errorPage('It names no client that is registered, or not where to return to.'));
    const { client, redirectUri, scopes, error } = looked;
    if (!error) return answer(client, redirectUri, scopes);
    return redirect(redirectUri, request, { error: error.code, error_description: error.message });
  };

  return [
    route({
      method: 'get',
      path: '/v1/oauth/authorize',
      summary: 'Ask a person to let a client in',
      description: 'Authorisation code with PKCE (S256). Answers a page for a browser.',
      query: authorisationRequest,
      responses: {
        200: { description: 'A page to log in and consent' },
        303: { description: 'Back to the client, with an error' },
        400: { description: 'The client or its redirect URI is not registered' },
      },
      handle: ({ query }) =>
        withClient(query, (client, uri, scopes) => html(200, consentPage(client, scopes, query), uri)),
    }),
    route({
      method: 'post',
      path: '/v1/oauth/authorize',
      summary: 'What that page sends',
      form: true,
      rateLimit: {
        ...logins,
        failuresOnly: true,
        key: ({ body }) => normaliseEmail((body as { email: string }).email),
      },
      body: consent,
      responses: {
        303: { description: 'Back to the client, with a code or an error' },
        400: { description: 'The client or its redirect URI is not registered' },
        401: { description: 'The page again, saying what was wrong' },
        429: { description: 'Too many failures for this account' },
      },
      handle: ({ body: { email, password, code, deny, ...query } }) =>
        withClient(query, async (client, uri, scopes) => {
          if (deny !== undefined) return redirect(uri, query, { error: 'access_denied' });
          const answer = await authorisation.approve(query, email, { password, code: code?.trim() });
          if ('code' in answer) return redirect(uri, query, { code: answer.code });
          const { status, message } = refusalProblem(answer.refused);
          const askForCode = answer.refused.startsWith('code-');
          return html(status, consentPage(client, scopes, query, { message, askForCode }), uri);
        }),
    }),
    route({
      method: 'post',
      path: '/v1/oauth/token',
      summary: 'Get tokens',
      description: `Grants: ${GRANTS.join(', ')}. Errors as in RFC 6749, 5.2.`,
      form: true,
      body: tokenRequest,
      responses: {
        200: {
          description: 'Tokens',
          schema: z.object({
            access_token: z.string(),
            token_type: z.literal('Bearer'),
            expires_in: z.int(),
            scope: z.string(),
            refresh_token: z.string().optional(),
          }),
        },
        400: { description: 'Refused' },
        401: { description: 'The client is not known by these credentials' },
      },
      handle: ({ body, request }) =>
        answerClient(request, async () => {
          const granted = await authorisation.grant(credentialsOf(request, body), body);
          return {
            headers: NO_STORE,
            body: {
              access_token: granted.accessToken,
              token_type: 'Bearer',
              expires_in: granted.expiresIn,
              scope: granted.scopes.join(' '),
              refresh_token: granted.refreshToken,
            },
          };
        }),
    }),
    route({
      method: 'post',
      path: '/v1/oauth/revoke',
      summary: 'Give a refresh token back (RFC 7009)',
      form: true,
      body: revocation,
      responses: {
        200: { description: 'It is of no use any more, or never was' },
        401: { description: 'The client is not known by these credentials' },
      },
      handle: ({ body, request }) =>
        answerClient(request, async () => {
          await authorisation.revoke(credentialsOf(request, body), body.token ?? '');
          return {};
        }),
    }),
    route({
      method: 'get',
      path: '/.well-known/oauth-authorization-server',
      summary: 'What this authorisation server can do (RFC 8414)',
      quiet: true,
      responses: { 200: { description: 'Its metadata' } },
      handle: () => ({
        headers: { 'cache-control': 'public, max-age=60' },
        body: {
          issuer,
          authorization_endpoint: `${issuer}/v1/oauth/authorize`,
          token_endpoint: `${issuer}/v1/oauth/token`,
          revocation_endpoint: `${issuer}/v1/oauth/revoke`,
          jwks_uri: `${issuer}/.well-known/jwks.json`,
          scopes_supported: ALL_SCOPES,
          response_types_supported: ['code'],
          response_modes_supported: ['query'],
          grant_types_supported: GRANTS,
          token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
          revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
          code_challenge_methods_supported: ['S256'],
          authorization_response_iss_parameter_supported: true,
        },
      }),
    }),
  ];
}

/** `returnTo`: browsers also hold a form's redirects to form-action. */
function html(status: number, page: string, returnTo?: string): RouteAnswer {
  const targets = ["'self'", ...(returnTo ? [new URL(returnTo).origin] : [])].join(' ');
  return {
    status,
    headers: {
      ...NO_STORE,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; form-action ${targets}; frame-ancestors 'none'; base-uri 'none'`,
    },
    json: page,
  };
}

/** By HTTP Basic, each half form-encoded (RFC 6749, 2.3.1), or in the body. @throws OAuthError when it is both. */
function credentialsOf(
  { headers }: Request,
  body: { client_id?: string; client_secret?: string },
): ClientCredentials {
  const [, encoded] = /^basic ([\w+/=-]+)$/i.exec(headers.authorization ?? '') ?? [];
  if (encoded === undefined) return { id: body.client_id, secret: body.client_secret };
  if (body.client_secret !== undefined) throw new OAuthError('invalid_request', 'show the secret once only');
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(/:(.*)/s);
  try {
    const decode = (part: string) => decodeURIComponent(part.replaceAll('+', ' '));
    return { id: decode(id), secret: decode(secret) };
  } catch {
    throw new OAuthError('invalid_client', 'the Authorization header cannot be read');
  }
}

/** Errors in the form OAuth clients understand. */
async function answerClient(request: Request, work: () => Promise<RouteAnswer>): Promise<RouteAnswer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const unknownClient = error.code === 'invalid_client';
    return {
      status: unknownClient ? 401 : 400,
      headers: {
        ...NO_STORE,
        ...(unknownClient && request.headers.authorization && { 'www-authenticate': 'Basic realm="token"' }),
      },
      body: { error: error.code, error_description: error.message },
    };
  }
}
