import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import request from 'supertest';
import { z } from 'zod';
import { createLogger } from '../telemetry';
import { announceShutdown, authenticate, conflict, createHttpApp, type Route, route } from '.';

const lines: string[] = [];
const logger = createLogger('test', { destination: { write: (line: string) => void lines.push(line) } });
const SECRET = 'super-secret-marker';

let token: (claims?: {
  expires?: number;
  audience?: string;
  kid?: string;
  scope?: string;
}) => Promise<string>;
let keys: ReturnType<typeof createLocalJWKSet>;
beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] });
  token = ({ expires = 60, audience = 'ecommerce-platform', kid = 'k1', scope = 'a:b mine:read' } = {}) =>
    new SignJWT({ roles: ['customer'], scope, sid: 's-1' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setSubject('user-1')
      .setIssuer('ecommerce-platform')
      .setAudience(audience)
      .setExpirationTime(Math.floor(Date.now() / 1000) + expires)
      .sign(privateKey);
});
beforeEach(() => {
  lines.length = 0;
});

const routes: Route[] = [
  route({
    method: 'post',
    path: '/v1/things',
    summary: 'Make a thing',
    headers: z.object({ 'idempotency-key': z.string().min(1) }),
    body: z.strictObject({
      items: z.array(z.strictObject({ productId: z.string(), quantity: z.int().min(1) })).min(1),
      password: z.string().optional(),
    }),
    responses: { 201: { description: 'Made', schema: z.object({ count: z.int() }) } },
    handle: ({ body }) => ({
      status: 201,
      headers: { location: '/v1/things/1' },
      body: { count: body.items.length },
    }),
  }),
  route({
    method: 'get',
    path: '/v1/things/:id',
    summary: 'One thing',
    params: z.strictObject({ id: z.string() }),
    query: z.strictObject({ limit: z.coerce.number().int().max(100).default(20) }),
    responses: { 200: { description: 'The thing' } },
    quiet: true,
    handle: ({ params, query }) => ({ body: { ...params, ...query } }),
  }),
  route({
    method: 'get',
    path: '/v1/mine',
    summary: 'Mine',
    scope: 'mine:read',
    responses: { 200: { description: 'Mine' } },
    handle: ({ principal }) => ({ body: principal }),
  }),
  route({
    method: 'post',
    path: '/v1/mine',
    summary: 'Change mine',
    scope: 'mine:write',
    body: z.strictObject({ a: z.string() }),
    responses: { 200: { description: 'Changed' } },
    handle: () => ({ body: {} }),
  }),
  route({
    method: 'post',
    path: '/v1/form',
    summary: 'A form',
    form: true,
    body: z.strictObject({ a: z.string() }),
    responses: { 200: { description: 'Taken' } },
    handle: ({ body }) => ({ body }),
  }),
  route({
    method: 'post',
    path: '/v1/hook',
    summary: 'Signed',
    rawBody: true,
    responses: { 200: { description: 'Taken' } },
    handle: ({ raw }) => ({ body: { bytes: raw.length } }),
  }),
  route({
    method: 'get',
    path: '/v1/failing/:how',
    summary: 'Fails',
    params: z.object({ how: z.string() }),
    responses: { 200: { description: 'Never' } },
    handle: ({ params: { how } }) => {
      if (how === 'conflict') throw conflict('taken', 'It is taken.');
      if (how === 'retriable') throw Object.assign(new Error(`inner ${SECRET}`), { retriable: true });
      if (how === 'database') throw Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
      throw new Error(`select * from users where email = 'jane@example.org' -- ${how}`);
    },
  }),
  route({
    method: 'post',
    path: '/v1/limited',
    summary: 'Limited',
    body: z.strictObject({ account: z.string() }),
    rateLimit: { windowMs: 60_000, limit: 2, key: ({ body }) => (body as { account: string }).account },
    responses: { 200: { description: 'Fine' } },
    handle: () => ({ body: {} }),
  }),
];

let brokerIsUp = true;
const app = () =>
  createHttpApp({
    name: 'thing',
    version: 'v1',
    routes,
    logger,
    authenticator: authenticate({ keys }),
    ready: {
      database: async () => undefined,
      broker: async () => {
        if (!brokerIsUp) throw Object.assign(new Error('away'), { code: 'BROKER_UNAVAILABLE' });
      },
    },
  });

const post = (body?: string | object, headers: Record<string, string> = {}) =>
  request(app())
    .post('/v1/things')
    .set({ 'idempotency-key': 'k', 'content-type': 'application/json', ...headers })
    .send(body);

test('answers what the handler says', async () => {
  const response = await post({ items: [{ productId: 'a', quantity: 1 }] });
  expect(response.status).toBe(201);
  expect(response.body).toEqual({ count: 1 });
  expect(response.headers).toMatchObject({ location: '/v1/things/1', 'x-content-type-options': 'nosniff' });
  expect(response.headers['x-powered-by']).toBeUndefined();
});

test.each([
  ['a quantity that is no number', { items: [{ productId: 'a', quantity: 'many' }] }, '#/items/0/quantity'],
  [
    'a quantity that is no whole number',
    { items: [{ productId: 'a', quantity: 1.5 }] },
    '#/items/0/quantity',
  ],
  ['a quantity below one', { items: [{ productId: 'a', quantity: 0 }] }, '#/items/0/quantity'],
  ['an unknown field', { items: [{ productId: 'a', quantity: 1, price: 0 }] }, '#/items/0/price'],
  ['an unknown field at the top', { items: [{ productId: 'a', quantity: 1 }], 'a/b': 1 }, '#/a~1b'],
  ['nothing ordered', { items: [] }, '#/items'],
  ['an array for an object', [], '#'],
])('refuses %s and points at it', async (_case, body, pointer) => {
  const response = await post(body);
  expect(response.status).toBe(400);
  expect(response.headers['content-type']).toBe('application/problem+json');
  expect(response.body).toMatchObject({
    type: 'urn:ecommerce-platform:problem:invalid-request',
    status: 400,
    retriable: false,
    errors: [{ in: 'body', pointer }],
    requestId: expect.any(String),
  });
});

test('names everything that is wrong at once, in every part of the request', async () => {
  const response = await request(app())
    .post('/v1/things')
    .send({ items: [{ productId: 1, quantity: 0 }] });
  expect(
    response.body.errors.map((error: { in: string; pointer: string }) => `${error.in}${error.pointer}`),
  ).toEqual(['headers#/idempotency-key', 'body#/items/0/productId', 'body#/items/0/quantity']);
});

test.each([
  ['malformed JSON', '{"items": [', {}, 400, 'malformed-json'],
  ['no body', undefined, {}, 400, 'invalid-request'],
  ['JSON that is no object', '"text"', {}, 400, 'malformed-json'],
  ['a body of 10 MB', `{"items":"${'x'.repeat(10 * 1024 * 1024)}"}`, {}, 413, 'body-too-large'],
  ['a body just over the limit', `{"items":"${'x'.repeat(100 * 1024)}"}`, {}, 413, 'body-too-large'],
  [
    'a form',
    'items=1',
    { 'content-type': 'application/x-www-form-urlencoded' },
    415,
    'unsupported-media-type',
  ],
  ['an unknown encoding', '{}', { 'content-encoding': 'zstd' }, 415, 'unsupported-encoding'],
  [
    'an unknown charset',
    '{}',
    { 'content-type': 'application/json; charset=x-none' },
    415,
    'unsupported-encoding',
  ],
])('answers %s with a problem', async (_case, body, headers, status, code) => {
  const response = await post(body, headers as Record<string, string>);
  expect([response.status, response.body.type]).toEqual([status, `urn:ecommerce-platform:problem:${code}`]);
});

test.each([
  ['GET', '/v1/nothing', 404],
  ['DELETE', '/v1/things', 405],
  ['GET', '/v1/things/%zz', 400],
  ['GET', '/v1/things/1?limit=many', 400],
  ['GET', '/v1/things/1?limit=101', 400],
  ['GET', '/v1/things/1?unknown=1', 400],
  ['GET', '/v1/things/1?limit=1&limit=2', 400],
])('%s %s answers %i as a problem', async (method, path, status) => {
  const response = await request(app())[method.toLowerCase() as 'get'](path);
  expect([response.status, response.headers['content-type']]).toEqual([status, 'application/problem+json']);
  if (status === 405) expect(response.headers.allow).toBe('POST');
});

test('takes a form where a form is asked for, and nothing else', async () => {
  const send = (body: string | object, type: string) =>
    request(app()).post('/v1/form').set('content-type', type).send(body);
  expect((await send('a=1%262', 'application/x-www-form-urlencoded')).body).toEqual({ a: '1&2' });
  expect((await send('a=1&a=2', 'application/x-www-form-urlencoded')).status).toBe(400);
  expect((await send({ a: '1' }, 'application/json')).status).toBe(415);
});

test('hands over the bytes as they were sent where a signature is to be checked', async () => {
  const response = await request(app())
    .post('/v1/hook')
    .set('content-type', 'application/json')
    .send('{ "a":  1 }');
  expect(response.body).toEqual({ bytes: 11 });
});

describe('access tokens', () => {
  const ask = async (authorization?: string) => {
    const asking = request(app()).get('/v1/mine');
    return authorization === undefined ? asking : asking.set('authorization', authorization);
  };
  test('lets in who has a valid one', async () => {
    const response = await ask(`Bearer ${await token()}`);
    expect(response.body).toEqual({
      id: 'user-1',
      roles: ['customer'],
      scopes: ['a:b', 'mine:read'],
      sessionId: 's-1',
    });
  });
  test.each([
    ['none', ''],
    ['others', 'mine:write a:b'],
    ['one that only begins like it', 'mine:read-all'],
  ])('answers 403 and names the scope it wants when the token carries %s', async (_case, scope) => {
    const response = await ask(`Bearer ${await token({ scope })}`);
    expect([response.status, response.body.type]).toEqual([
      403,
      'urn:ecommerce-platform:problem:insufficient-scope',
    ]);
    expect(response.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="mine:read"');
  });
  test('tells who must have a second factor first where to get it', async () => {
    const response = await ask(`Bearer ${await token({ scope: 'mfa:enrol' })}`);
    expect(response.body.detail).toContain('POST /v1/users/me/mfa');
  });
  test('are judged before the body is looked at', async () => {
    const send = () => request(app()).post('/v1/mine').set('content-type', 'text/plain').send('{"b":');
    expect((await send()).status).toBe(401);
    expect((await send().set('authorization', `Bearer ${await token()}`)).status).toBe(403);
    const allowed = await token({ scope: 'mine:write' });
    expect((await send().set('authorization', `Bearer ${allowed}`)).status).toBe(415);
  });
  test('stand in the documentation with the scope each route demands', async () => {
    const { body } = await request(app()).get('/docs/thing/openapi.json');
    expect(body.paths['/v1/mine'].post.security).toEqual([{ bearer: ['mine:write'] }]);
    expect(body.paths['/v1/things'].post.security).toBeUndefined();
  });
  test.each([
    ['no token', async () => undefined, 'not-authenticated'],
    ['another scheme', async () => 'Basic abc', 'not-authenticated'],
    ['an expired token', async () => `Bearer ${await token({ expires: -60 })}`, 'token-expired'],
    ['a token for someone else', async () => `Bearer ${await token({ audience: 'other' })}`, 'token-invalid'],
    ['a token of an unknown key', async () => `Bearer ${await token({ kid: 'k9' })}`, 'token-invalid'],
    ['a tampered token', async () => `Bearer ${(await token()).slice(0, -4)}AAAA`, 'token-invalid'],
    ['a token without signature', async () => 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.', 'token-invalid'],
    ['nonsense', async () => 'Bearer nonsense', 'token-invalid'],
  ])('refuses %s', async (_case, authorization, code) => {
    const response = await ask(await authorization());
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer');
    expect(response.body.type).toBe(`urn:ecommerce-platform:problem:${code}`);
    expect(response.body.detail).toContain('/v1/sessions');
  });
  test('says "later", not "no", when the keys cannot be had', async () => {
    const unreachable = createHttpApp({
      name: 'thing',
      version: 'v1',
      routes,
      logger,
      ready: {},
      authenticator: authenticate({ jwksUrl: 'http://127.0.0.1:1/jwks.json' }),
    });
    const response = await request(unreachable)
      .get('/v1/mine')
      .set('authorization', `Bearer ${await token()}`);
    expect(response.status).toBe(503);
    expect(response.body.retriable).toBe(true);
    expect(response.headers['retry-after']).toBeDefined();
  });
});

test.each([
  ['conflict', 409, false],
  ['retriable', 503, true],
  ['database', 503, true],
  ['unexpected', 500, false],
])(
  'turns a failure (%s) into %i, retriable: %s, and hides what is inside',
  async (how, status, retriable) => {
    const response = await request(app()).get(`/v1/failing/${how}`);
    expect(response.body).toMatchObject({ status, retriable });
    expect(response.text).not.toMatch(/select|jane|marker/);
  },
);

test('limits by address and account', async () => {
  const limited = app();
  const ask = (account: string) => request(limited).post('/v1/limited').send({ account });
  expect([(await ask('a')).status, (await ask('a')).status]).toEqual([200, 200]);
  const refused = await ask('a');
  expect(refused.body).toMatchObject({ status: 429, retriable: true });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await ask('b')).status).toBe(200);
});

test('is ready only with everything it needs, says what is missing, and not while it leaves', async () => {
  const one = app();
  expect((await request(one).get('/ready')).status).toBe(200);
  brokerIsUp = false;
  const without = await request(app()).get('/ready');
  brokerIsUp = true;
  expect(without.status).toBe(503);
  expect(without.body.checks).toEqual({ database: 'ok', broker: 'unavailable (BROKER_UNAVAILABLE)' });
  announceShutdown(one);
  expect((await request(one).get('/ready')).status).toBe(503);
  expect((await request(one).get('/health')).status).toBe(200);
  expect((await request(one).get('/v1/things/1')).status).toBe(200);
});

test('documents itself from the schemas that validate, on a page that needs no network', async () => {
  const { body } = await request(app()).get('/docs/thing/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  expect(Object.keys(body.paths)).toContain('/v1/things/{id}');
  const schema = body.paths['/v1/things'].post.requestBody.content['application/json'].schema;
  expect(schema.properties.items.items.properties.quantity).toMatchObject({ type: 'integer', minimum: 1 });
  const page = await request(app()).get('/docs/thing');
  expect(page.headers['content-type']).toContain('text/html');
  expect(page.text).toContain('/v1/things/{id}');
  expect(page.text).not.toMatch(/<script|src=|https?:/);
});

test('measures requests by route', async () => {
  const measured = app();
  await request(measured).get('/v1/things/42');
  await request(measured).get('/v1/failing/unexpected');
  const { text } = await request(measured).get('/metrics');
  expect(text).toMatch(/api_requests_total\{method="GET",route="\/v1\/things\/:id",status="200"\} \d+/);
  expect(text).toMatch(/api_errors_total\{method="GET",route="\/v1\/failing\/:how",status="500"\} \d+/);
  expect(text).toMatch(/api_request_duration_bucket\{.*le="0\.1"\} \d+/);
});

test('logs neither secrets nor personal data, and no more than it must', async () => {
  await post(
    { items: [{ productId: 'a', quantity: 1 }], password: SECRET },
    { authorization: `Bearer ${SECRET}`, cookie: SECRET },
  );
  await request(app()).get(`/v1/things/1?limit=${SECRET}`);
  await request(app()).get('/v1/failing/unexpected');
  await request(app()).get(`/v1/failing/${await token()}`);
  const before = lines.length;
  await request(app()).get('/v1/things/1');

  expect(lines.length).toBe(before);
  const log = lines.join('');
  expect(log).toContain('"status":500');
  expect(log).toContain('select * from users');
  expect(log).not.toContain(SECRET);
  expect(log).not.toContain('jane@example.org');
  expect(log).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]+/);
});

test('keeps a request id that looks like one and makes one otherwise', async () => {
  const kept = await request(app()).get('/v1/things/1').set('x-request-id', 'abcdef-123456');
  expect(kept.headers['x-request-id']).toBe('abcdef-123456');
  const replaced = await request(app()).get('/v1/things/1').set('x-request-id', 'a b\tc<script>');
  expect(replaced.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
});
