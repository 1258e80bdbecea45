// The flows as a client sees them: a client library of its own, real HTTP, and a browser that fills in the form.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { createClientCommand } from './commands';
import { PASSWORD, startUserService, type UserService } from './user.fixtures';

jest.setTimeout(90_000);

const insecure = { [oauth.allowInsecureRequests]: true };
const redirectUri = 'http://127.0.0.1:9/callback?from=shop';
let service: UserService;
let server: Server;
let issuer: URL;
let as: oauth.AuthorizationServer;

const registerClient = async (client: object) => {
  const printed: string[] = [];
  await createClientCommand({
    pool: service.pool,
    args: [JSON.stringify(client)],
    print: (line) => void printed.push(line),
  });
  return JSON.parse(printed[0] ?? '') as { client_id: string; client_secret?: string };
};
const shop: oauth.Client = { client_id: 'shop' };
const scopes = ['account:read', 'account:write', 'orders:read', 'orders:write'];
let backend: oauth.Client;
let backendAuth: oauth.ClientAuth;
let machine: oauth.Client;
let machineAuth: oauth.ClientAuth;

beforeAll(async () => {
  service = await startUserService();
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.on('request', service.createUserApp({ publicUrl: issuer.href }));
  as = await oauth.processDiscoveryResponse(
    new URL(issuer.origin),
    await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
  );
  const forPeople = { grants: ['authorization_code', 'refresh_token'], scopes, redirectUris: [redirectUri] };
  await registerClient({ ...forPeople, id: 'shop', name: 'The <Shop>', confidential: false });
  const made = await registerClient({ ...forPeople, id: 'backend', name: 'Backend', confidential: true });
  backend = made;
  backendAuth = oauth.ClientSecretBasic(made.client_secret as string);
  const robot = await registerClient({
    ...{
      id: 'robot',
      name: 'Robot',
      grants: ['client_credentials'],
      scopes: ['users:read'],
      confidential: true,
    },
  });
  machine = robot;
  machineAuth = oauth.ClientSecretPost(robot.client_secret as string);
}, 180_000);
afterAll(async () => {
  server?.close();
  await service?.stop();
});

const authorisationUrl = async (change: Record<string, string | undefined> = {}, client = shop) => {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(as.authorization_endpoint as string);
  const parameters = {
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'account:read orders:read',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...change,
  };
  for (const [name, value] of Object.entries(parameters)) if (value) url.searchParams.set(name, value);
  return { url, verifier, state };
};
/** What a browser does: gets the page, fills its form in, sends it, and does not follow. */
const browse = async (url: URL, filled: Record<string, string>) => {
  const page = await (await fetch(url)).text();
  const fields: [string, string][] = [
    ...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g),
  ].map(([, name, value]) => [
    name as string,
    (value as string).replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))),
  ]);
  return fetch(new URL('/v1/oauth/authorize', url), {
    method: 'POST',
    body: new URLSearchParams([...fields, ...Object.entries(filled)]),
    redirect: 'manual',
  });
};
const locationOf = (answer: Response) => new URL(answer.headers.get('location') ?? '');
let people = 0;
const somebody = async () => {
  const email = `oauth-${++people}@example.org`;
  await service.register(email);
  return email;
};
/** From the browser's first step to the redirect back. */
const letIn = async (client = shop) => {
  const email = await somebody();
  const { url, verifier, state } = await authorisationUrl({}, client);
  const answer = await browse(url, { email, password: PASSWORD });
  expect(answer.status).toBe(303);
  const callback = locationOf(answer);
  return { email, verifier, callback, parameters: oauth.validateAuthResponse(as, client, callback, state) };
};
const redeem = (
  parameters: URLSearchParams,
  verifier: string,
  client = shop,
  auth = oauth.None(),
  uri = redirectUri,
) => oauth.authorizationCodeGrantRequest(as, client, auth, parameters, uri, verifier, insecure);
const tokensOf = async (client: oauth.Client, answer: Promise<Response>) =>
  oauth.processAuthorizationCodeResponse(as, client, await answer);
const errorOf = async (answer: Promise<Response>) => {
  const response = await answer;
  return [response.status, ((await response.json()) as { error: string }).error];
};

describe('the authorisation code flow', () => {
  it('lets a client act for a person, within what it asked for', async () => {
    const { parameters, verifier, callback } = await letIn();
    expect(callback.searchParams.get('from')).toBe('shop');
    const tokens = await tokensOf(shop, redeem(parameters, verifier));
    expect(tokens).toMatchObject({
      token_type: 'bearer',
      expires_in: 900,
      scope: 'account:read orders:read',
    });
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      client_id: 'shop',
      scope: 'account:read orders:read',
      amr: ['pwd'],
    });
    expect((await service.call('get', '/v1/users/me', tokens.access_token)).status).toBe(200);
    expect((await service.call('delete', '/v1/sessions/current', tokens.access_token)).status).toBe(403);
  });

  it('goes on by refresh tokens, each once, and ends when one is given back', async () => {
    const { parameters, verifier } = await letIn(backend);
    const first = await tokensOf(backend, redeem(parameters, verifier, backend, backendAuth));
    const refresh = (token?: string) =>
      oauth.refreshTokenGrantRequest(as, backend, backendAuth, token as string, insecure);
    const second = await oauth.processRefreshTokenResponse(as, backend, await refresh(first.refresh_token));
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const revoke = await oauth.revocationRequest(
      as,
      backend,
      backendAuth,
      second.refresh_token as string,
      insecure,
    );
    await oauth.processRevocationResponse(revoke);
    expect(await errorOf(refresh(second.refresh_token))).toEqual([400, 'invalid_grant']);
  });

  it('gives no client the refresh token of another', async () => {
    const { parameters, verifier } = await letIn();
    const { refresh_token } = await tokensOf(shop, redeem(parameters, verifier));
    const stolen = oauth.refreshTokenGrantRequest(
      as,
      backend,
      backendAuth,
      refresh_token as string,
      insecure,
    );
    expect(await errorOf(stolen)).toEqual([400, 'invalid_grant']);
    const own = await service.call('post', '/v1/sessions/refresh', undefined, {
      refreshToken: refresh_token,
    });
    expect(own.status).toBe(401);
  });

  it('redeems a code once, and takes back what it gave when it comes again', async () => {
    const { parameters, verifier } = await letIn();
    const { access_token } = await tokensOf(shop, redeem(parameters, verifier));
    expect(await errorOf(redeem(parameters, verifier))).toEqual([400, 'invalid_grant']);
    expect((await service.call('get', '/v1/users/me', access_token)).status).toBe(401);
  });

  it.each([
    ['another verifier', async () => redeem((await letIn()).parameters, oauth.generateRandomCodeVerifier())],
    [
      'another client',
      async () => {
        const { parameters, verifier } = await letIn();
        const own = oauth.validateAuthResponse(
          as,
          backend,
          new URLSearchParams({ code: parameters.get('code') as string, iss: issuer.origin }),
          oauth.expectNoState,
        );
        return redeem(own, verifier, backend, backendAuth);
      },
    ],
    [
      'another redirect URI',
      async () => {
        const { parameters, verifier } = await letIn();
        return redeem(parameters, verifier, shop, oauth.None(), 'http://127.0.0.1:9/other');
      },
    ],
    [
      'a minute',
      async () => {
        const { parameters, verifier } = await letIn();
        service.wait(60_000);
        return redeem(parameters, verifier);
      },
    ],
  ])('redeems no code with or after %s', async (_case, attempt) => {
    expect(await errorOf(attempt())).toEqual([400, 'invalid_grant']);
  });

  it('asks for the second factor of who has one', async () => {
    const { email, token } = await service.customer('oauth-factor@example.org');
    const factor = await service.enrol(token);
    const { url, verifier, state } = await authorisationUrl();
    const page = await browse(url, { email, password: PASSWORD });
    expect(page.status).toBe(401);
    expect(await page.text()).toContain('name="code"');
    const answer = await browse(url, { email, password: PASSWORD, code: factor.next() });
    const parameters = oauth.validateAuthResponse(as, shop, locationOf(answer), state);
    const { access_token } = await tokensOf(shop, redeem(parameters, verifier));
    expect(decodeJwt(access_token)).toMatchObject({ acr: 'aal2' });
  });
});

describe('the page', () => {
  it('names the client and what it will be allowed, runs nothing, and may not be framed', async () => {
    const page = await fetch((await authorisationUrl()).url);
    const html = await page.text();
    expect(html).toContain('The &#60;Shop&#62;');
    expect(html).toContain('see your orders');
    expect(html).not.toMatch(/<script|<style|\son\w+=/i);
    const policy = page.headers.get('content-security-policy');
    expect(policy).toBe(
      "default-src 'none'; form-action 'self' http://127.0.0.1:9; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(page.headers.get('set-cookie')).toBeNull();
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it('says what was wrong without saying whether there is such an account', async () => {
    const { url } = await authorisationUrl();
    const known = await browse(url, { email: await somebody(), password: 'wrong' });
    const unknown = await browse(url, { email: 'nobody@example.org', password: 'wrong' });
    expect([known.status, unknown.status]).toEqual([401, 401]);
    expect(await known.text()).toBe(await unknown.text());
  });

  it('repeats nothing of a request as markup', async () => {
    const { url } = await authorisationUrl({ state: '"><script>alert(1)</script>' });
    expect(await (await fetch(url)).text()).not.toContain('<script');
  });

  it('goes back with access_denied when the person refuses', async () => {
    const { url, state } = await authorisationUrl();
    const location = locationOf(await browse(url, { deny: 'true' }));
    expect(Object.fromEntries(location.searchParams)).toMatchObject({ error: 'access_denied', state });
  });

  it.each([
    ['an unknown client', { client_id: 'nobody' }],
    [
      'a redirect URI that only begins like a registered one',
      { redirect_uri: `${redirectUri}.evil.example` },
    ],
    ['no redirect URI', { redirect_uri: undefined }],
  ])('sends nobody anywhere for %s', async (_case, change) => {
    const answer = await fetch((await authorisationUrl(change)).url, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  });

  it.each([
    ['no challenge', { code_challenge: undefined }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['the implicit grant', { response_type: 'token' }, 'unsupported_response_type'],
    ['a scope it was not given', { scope: 'users:manage' }, 'invalid_scope'],
  ])('goes back with an error for %s', async (_case, change, error) => {
    const { url, state } = await authorisationUrl(change);
    const answer = await fetch(url, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(Object.fromEntries(locationOf(answer).searchParams)).toMatchObject({
      error,
      state,
      iss: issuer.origin,
    });
  });
});

describe('a machine', () => {
  it('gets a token of its own, good for what it was registered for and nothing else', async () => {
    const answer = await oauth.clientCredentialsGrantRequest(as, machine, machineAuth, {}, insecure);
    const tokens = await oauth.processClientCredentialsResponse(as, machine, answer);
    expect(tokens.refresh_token).toBeUndefined();
    expect(decodeJwt(tokens.access_token)).toMatchObject({ sub: 'robot', client_id: 'robot', roles: [] });
    const list = await service.call('get', '/v1/users?limit=1', tokens.access_token);
    expect([list.status, list.body.items.length]).toEqual([200, 1]);
    expect((await service.call('get', '/v1/users/me', tokens.access_token)).status).toBe(403);
  });

  it.each([
    ['a wrong secret', { client_id: 'robot', client_secret: 'wrong' }, 401, 'invalid_client'],
    ['no secret', { client_id: 'robot' }, 401, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody', client_secret: 'x' }, 401, 'invalid_client'],
    ['a client that is for people', { client_id: 'shop' }, 400, 'unauthorized_client'],
    ['a public client with a secret', { client_id: 'shop', client_secret: 'x' }, 401, 'invalid_client'],
    ['an unknown grant', { client_id: 'shop', grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['no grant', { client_id: 'shop', grant_type: '' }, 400, 'unsupported_grant_type'],
  ])('is refused with %s, in the words of RFC 6749', async (_case, body, status, error) => {
    const answer = await fetch(as.token_endpoint as string, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', ...body }),
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([status, error]);
  });

  it('is challenged for Basic when it tried that', async () => {
    const answer = await oauth.clientCredentialsGrantRequest(
      ...([as, machine, oauth.ClientSecretBasic('wrong'), {}, insecure] as const),
    );
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="token"']);
  });
});

test('a client is registered once, and only one that makes sense', async () => {
  await expect(registerClient({ id: 'x' })).rejects.toThrow('Usage: create-client');
  const again = {
    id: 'shop',
    name: 'Again',
    grants: ['authorization_code'],
    scopes,
    redirectUris: [redirectUri],
  };
  await expect(registerClient({ ...again, confidential: false })).rejects.toThrow('choose another id');
  const plain = { ...again, id: 'plain', redirectUris: ['http://shop.example/'] };
  await expect(registerClient({ ...plain, confidential: false })).rejects.toThrow('no https URL');
});

test('has logged neither a code, a secret, a verifier nor a token in all of this', async () => {
  const { parameters, verifier } = await letIn();
  const { access_token, refresh_token } = await tokensOf(shop, redeem(parameters, verifier));
  const log = service.lines.join('');
  expect(log).toContain('/v1/oauth/token');
  for (const secret of [parameters.get('code'), verifier, access_token, refresh_token, PASSWORD]) {
    expect(log).not.toContain(secret);
  }
});
