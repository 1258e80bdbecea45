import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  generateKeyPair,
  type JWK,
  jwtVerify,
  SignJWT,
} from 'jose';
import request from 'supertest';
import { watchSigningKeys } from './security/signing-keys';
import { PASSWORD, startUserService, type UserService } from './user.fixtures';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let service: UserService;
beforeAll(async () => {
  service = await startUserService();
}, 180_000);
afterAll(() => service?.stop());

const app = (logins = 100) =>
  service.createUserApp({
    limits: { registrations: { windowMs: 60_000, limit: 1000 }, logins: { windowMs: 60_000, limit: logins } },
  });
const register = (email: string, password = PASSWORD) =>
  request(app()).post('/v1/users').send({ email, password, name: 'Jane Doe' });
const login = (email: string, password = PASSWORD, on = app()) =>
  request(on).post('/v1/sessions').send({ email, password });
const me = (token: string) => request(app()).get('/v1/users/me').set('authorization', `Bearer ${token}`);

test('registers, logs in and knows who asks', async () => {
  const registered = await register('Jane@Example.org');
  expect(registered.status).toBe(201);
  expect(registered.body).toEqual({ id: expect.any(String), email: 'jane@example.org', name: 'Jane Doe' });

  const session = await login('jane@example.ORG');
  expect(session.status).toBe(201);
  expect(session.body).toMatchObject({
    accessToken: expect.any(String),
    tokenType: 'Bearer',
    expiresIn: 900,
  });
  expect((await me(session.body.accessToken)).body).toEqual(registered.body);

  const { body: jwks } = await request(app()).get('/.well-known/jwks.json');
  const { payload } = await jwtVerify(session.body.accessToken, createLocalJWKSet(jwks), {
    issuer: 'ecommerce-platform',
    audience: 'ecommerce-platform',
  });
  expect(payload).toMatchObject({
    sub: registered.body.id,
    roles: ['customer'],
    scope: session.body.scope,
    amr: ['pwd'],
    acr: 'aal1',
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(900);
});

test('stores argon2id with the parameters OWASP names, never the password', async () => {
  await register('stored@example.org');
  const { rows } = await service.pool.query("select * from users where email = 'stored@example.org'");
  expect(rows[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(JSON.stringify(rows)).not.toContain(PASSWORD);
});

test('gives an address to one account only, also when many ask at once', async () => {
  const answers = await Promise.all(
    ['a', 'A', ' a', 'a '].map((name) => register(`${name}taken@example.org`.trim())),
  );
  const same = await Promise.all(Array.from({ length: 5 }, () => register('Once@example.org')));
  expect(same.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  expect(answers.some(({ status }) => status === 201)).toBe(true);
  expect(same.find(({ status }) => status === 409)?.body.type).toBe(
    'urn:ecommerce-platform:problem:email-taken',
  );
});

test.each([
  ['no address', { email: 'nobody' }, '#/email'],
  ['a short password', { password: 'short' }, '#/password'],
  ['a common password', { password: 'Password1234567' }, '#/password'],
  ['no name', { name: '  ' }, '#/name'],
  ['a role it would like to have', { roles: ['admin'] }, '#/roles'],
])('refuses to register with %s', async (_case, change, pointer) => {
  const response = await request(app())
    .post('/v1/users')
    .send({ email: 'x@example.org', password: PASSWORD, name: 'X', ...change });
  expect(response.status).toBe(400);
  expect(response.body.errors[0].pointer).toBe(pointer);
});

test('answers a wrong password and an unknown address alike, in about the same time', async () => {
  await register('timing@example.org');
  const one = app();
  const timed = async (email: string): Promise<[number, unknown]> => {
    const started = performance.now();
    const { body } = await login(email, 'wrong wrong wrong', one);
    return [performance.now() - started, { ...body, requestId: undefined }];
  };
  await timed('timing@example.org');
  await timed('nobody@example.org');
  const median = (values: number[]): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const known: number[] = [];
  const unknown: number[] = [];
  for (let i = 0; i < 9; i++) {
    const [a, b] = [await timed('timing@example.org'), await timed('nobody@example.org')];
    expect(a[1]).toEqual(b[1]);
    known.push(a[0]);
    unknown.push(b[0]);
  }
  // An answer without hashing would take a tenth.
  expect(median(unknown)).toBeGreaterThan(median(known) * 0.4);
});

test('slows down who guesses one account, and nobody else', async () => {
  await register('guessed@example.org');
  const one = app(3);
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await login('guessed@example.org', 'wrong', one)).status);
  expect(statuses).toEqual([401, 401, 401, 429]);
  expect((await login('GUESSED@example.org', 'wrong', one)).status).toBe(429);
  expect((await login('someone@example.org', 'wrong', one)).status).toBe(401);
});

test('refuses tokens that have expired or that it did not sign', async () => {
  const { privateKey } = await generateKeyPair('ES256');
  const forge = (expires: number, key = service.ring.current().active.key) =>
    new SignJWT({ roles: ['admin'], scope: 'account:read' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setSubject('x')
      .setIssuer('ecommerce-platform')
      .setAudience('ecommerce-platform')
      .setExpirationTime(Math.floor(Date.now() / 1000) + expires)
      .sign(key);
  expect((await me(await forge(-60))).body.type).toBe('urn:ecommerce-platform:problem:token-expired');
  expect((await me(await forge(60, privateKey))).body.type).toBe(
    'urn:ecommerce-platform:problem:token-invalid',
  );
});

test('signs with a new key as soon as it is active, and still accepts tokens of the old one', async () => {
  await register('rotation@example.org');
  const before = (await login('rotation@example.org')).body.accessToken;
  await service.writeKeys('k2', service.privateKeys, 2000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const after = (await login('rotation@example.org')).body.accessToken;

  expect([before, after].map((token) => decodeProtectedHeader(token).kid)).toEqual(['k1', 'k2']);
  expect([(await me(before)).status, (await me(after)).status]).toEqual([200, 200]);

  const { body } = await request(app()).get('/.well-known/jwks.json');
  expect(body.keys.map((key: JWK) => key.kid)).toEqual(['k1', 'k2']);
  expect(body.keys.some((key: JWK) => 'd' in key)).toBe(false);

  await service.writeKeys('k2', service.privateKeys.slice(1), 3000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([(await me(before)).status, (await me(after)).status]).toEqual([401, 200]);
});

test('keeps the keys in use when the file becomes unusable', async () => {
  await writeFile(service.keysFile, '{"active":');
  await utimes(service.keysFile, 4000, 4000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(service.ring.current().active.kid).toBe('k2');
  expect(service.lines.join('')).toContain('keeping the old ones');
});

test('says what is wrong with a key file, and nothing of what stands in it', async () => {
  const file = join(service.folder, 'bad.json');
  const [first] = service.privateKeys;
  const bad: [string, string][] = [
    ['not json', 'it is not JSON'],
    ['{"active":"k1","keys":[]}', 'keys'],
    [JSON.stringify({ active: 'other', keys: [first] }), "no key has the id 'other'"],
    [JSON.stringify({ active: 'k1', keys: [first, first] }), 'two keys share an id'],
    [JSON.stringify({ active: 'k1', keys: [{ ...first, d: undefined }] }), 'keys.0.d'],
    [JSON.stringify({ active: 'k1', keys: [{ ...first, d: 'AAAA' }] }), 'no valid EC P-256 key'],
  ];
  for (const [content, reason] of bad) {
    await writeFile(file, content);
    const failure = await watchSigningKeys(file, service.logger).catch((error: Error) => error);
    expect((failure as Error).message).toContain(reason);
    expect((failure as Error).message).not.toContain(String(first?.d));
  }
  await expect(watchSigningKeys(join(service.folder, 'none.json'), service.logger)).rejects.toThrow(
    'cannot be read (ENOENT)',
  );
});

test('counts who registered', async () => {
  await register('counted@example.org');
  expect((await request(app()).get('/metrics')).text).toMatch(/customers_registered(_total)? \d+/);
});

test('has logged neither a password, an address, a name nor a token in all of this', () => {
  const log = service.lines.join('');
  expect(log).toContain('/v1/sessions');
  expect(log).not.toContain(PASSWORD);
  expect(log).not.toContain('example.org');
  expect(log).not.toContain('Jane');
  expect(log).not.toMatch(/eyJ[\w-]+\./);
});
