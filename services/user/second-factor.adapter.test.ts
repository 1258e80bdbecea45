import { decodeJwt } from 'jose';
import { PASSWORD, startUserService, type UserService } from './user.fixtures';

jest.setTimeout(90_000);
const QUARTER_HOUR = 15 * 60_000;

let service: UserService;
beforeAll(async () => {
  service = await startUserService();
}, 180_000);
afterAll(() => service?.stop());

let people = 0;
const customer = () => service.customer(`factor-${++people}@example.org`);
const kind = (answer: { body: { type?: string } }) => answer.body.type?.split(':').at(-1);
const enrolled = async () => {
  const person = await customer();
  return { ...person, factor: await service.enrol(person.token) };
};

describe('a second factor', () => {
  it('is asked for at every log-in once it is confirmed, and the token says so', async () => {
    const { email, factor } = await enrolled();
    expect(kind(await service.login(email))).toBe('code-required');
    const { status, body } = await service.login(email, { code: factor.next() });
    expect(status).toBe(201);
    expect(decodeJwt(body.accessToken)).toMatchObject({ amr: ['pwd', 'otp'], acr: 'aal2' });
  });

  it('steps the session up in which it was confirmed, and ends the others', async () => {
    const { email, token } = await customer();
    const other = (await service.login(email)).body;
    const factor = await service.enrol(token);
    expect(decodeJwt(token)).toMatchObject({ amr: ['pwd'], acr: 'aal1' });
    const claims = decodeJwt(factor.accessToken);
    expect(claims).toMatchObject({ amr: ['pwd', 'otp'], acr: 'aal2', sid: decodeJwt(token).sid });
    expect((await service.call('get', '/v1/users/me', other.accessToken)).status).toBe(401);
  });

  it('changes nothing until it is confirmed', async () => {
    const { email, token } = await customer();
    await service.call('post', '/v1/users/me/mfa', token, { password: PASSWORD });
    expect((await service.login(email)).status).toBe(201);
    const wrong = await service.call('post', '/v1/users/me/mfa/confirmation', token, { code: '000000' });
    expect(kind(wrong)).toBe('code-wrong');
    expect((await service.login(email)).status).toBe(201);
  });

  it('is not begun without the password, nor replaced by who holds a token', async () => {
    const { token } = await customer();
    const begin = (password: string) => service.call('post', '/v1/users/me/mfa', token, { password });
    expect((await begin('wrong')).status).toBe(403);
    const factor = await service.enrol(token);
    expect((await begin(PASSWORD)).body).toMatchObject({ status: 403 });
    const again = await service.call('post', '/v1/users/me/mfa', token, {
      ...{ password: PASSWORD, code: factor.next() },
    });
    expect(kind(again)).toBe('second-factor-exists');
  });

  it('accepts a code once, also within its window', async () => {
    const { email, factor } = await enrolled();
    const code = factor.next();
    expect((await service.login(email, { code })).status).toBe(201);
    expect(kind(await service.login(email, { code }))).toBe('code-wrong');
  });

  it('accepts a code once, also when it comes many times at once', async () => {
    const { email, factor } = await enrolled();
    const code = factor.next();
    const answers = await Promise.all(Array.from({ length: 4 }, () => service.login(email, { code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401, 401]);
  });

  it('looks at no code for a quarter of an hour after five wrong ones', async () => {
    const { email, factor } = await enrolled();
    for (let i = 0; i < 5; i++) expect((await service.login(email, { code: '000000' })).status).toBe(401);
    const locked = await service.login(email, { code: factor.next() });
    expect([locked.status, kind(locked), locked.headers['retry-after']]).toEqual([429, 'code-locked', '900']);
    service.wait(QUARTER_HOUR);
    expect((await service.login(email, { code: factor.next() })).status).toBe(201);
  });

  it('can be replaced by a recovery code, each once', async () => {
    const { email, factor } = await enrolled();
    expect(factor.recoveryCodes).toHaveLength(10);
    const [code = ''] = factor.recoveryCodes;
    expect((await service.login(email, { code: code.toUpperCase() })).status).toBe(201);
    expect(kind(await service.login(email, { code }))).toBe('code-wrong');
    expect((await service.login(email, { code: factor.recoveryCodes[1] })).status).toBe(201);
  });

  it('is removed with password and code together', async () => {
    const { email, factor } = await enrolled();
    const remove = (body: object) =>
      service.call('post', '/v1/users/me/mfa/removal', factor.accessToken, { password: PASSWORD, ...body });
    expect(kind(await remove({}))).toBe('code-required');
    expect((await remove({ code: factor.next() })).status).toBe(204);
    expect((await service.login(email)).status).toBe(201);
  });

  it('is kept encrypted, and its recovery codes as digests', async () => {
    const { id, factor } = await enrolled();
    const { rows } = await service.pool.query(
      `select encode(sealed_secret, 'escape') as secret, (select string_agg(encode(digest, 'escape'), '') from
         recovery_codes r where r.user_id = f.user_id) as codes from second_factors f where user_id = $1`,
      [id],
    );
    expect(rows[0].secret).not.toContain(factor.secret);
    for (const code of factor.recoveryCodes) expect(rows[0].codes).not.toContain(code.replaceAll('-', ''));
  });
});

describe.each(['support', 'admin'])('%s', (role) => {
  it('can do nothing without a second factor but get one', async () => {
    const { id, email } = await customer();
    await service.pool.query('update users set roles = $2 where id = $1', [id, ['customer', role]]);
    const { body } = await service.login(email);
    expect(body.scope).toBe('mfa:enrol');
    const refused = await service.call('get', '/v1/users', body.accessToken);
    expect(refused.status).toBe(403);
    expect(refused.body.detail).toContain('/v1/users/me/mfa');
    expect((await service.call('get', '/v1/users/me', body.accessToken)).status).toBe(403);

    const factor = await service.enrol(body.accessToken);
    expect((await service.call('get', '/v1/users', factor.accessToken)).status).toBe(200);
    const removal = { password: PASSWORD, code: factor.next() };
    const kept = await service.call('post', '/v1/users/me/mfa/removal', factor.accessToken, removal);
    expect(kind(kept)).toBe('second-factor-needed');
  });
});

test('has logged neither a secret nor a code in all of this', async () => {
  const { email, factor } = await enrolled();
  const code = factor.next();
  await service.login(email, { code });
  const log = service.lines.join('');
  for (const secret of [factor.secret, ...factor.recoveryCodes, PASSWORD]) expect(log).not.toContain(secret);
  expect(log).not.toMatch(new RegExp(`"${code}"`));
});
