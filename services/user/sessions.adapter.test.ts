import { decodeJwt } from 'jose';
import { PASSWORD, startUserService, type UserService } from './user.fixtures';

jest.setTimeout(90_000);
const MINUTE = 60_000;

let service: UserService;
beforeAll(async () => {
  service = await startUserService();
}, 180_000);
afterAll(() => service?.stop());

const refresh = (refreshToken: string) =>
  service.call('post', '/v1/sessions/refresh', undefined, { refreshToken });
const me = (token: string) => service.call('get', '/v1/users/me', token);
let people = 0;
const customer = () => service.customer(`session-${++people}@example.org`);

describe('a session', () => {
  it('goes on with a new refresh token each time, in the same session', async () => {
    const { session } = await customer();
    expect(session).toMatchObject({ refreshToken: expect.any(String), refreshExpiresIn: 900 });
    const next = await refresh(session.refreshToken);
    expect(next.status).toBe(200);
    expect(next.body.refreshToken).not.toBe(session.refreshToken);
    expect(decodeJwt(next.body.accessToken).sid).toBe(decodeJwt(session.accessToken).sid);
    expect((await me(next.body.accessToken)).status).toBe(200);
    expect(next.headers['cache-control']).toBe('no-store');
  });

  it('ends with all its tokens when one comes again, because somebody else has it', async () => {
    const { session } = await customer();
    const { body: honest } = await refresh(session.refreshToken);
    expect((await refresh(session.refreshToken)).body.type).toBe(
      'urn:ecommerce-platform:problem:session-ended',
    );
    expect((await refresh(honest.refreshToken)).status).toBe(401);
    expect((await me(honest.accessToken)).status).toBe(401);
    expect(service.lines.join('')).toContain('a refresh token came again');
  });

  it('gives one of many who refresh at the same moment a token, and then ends', async () => {
    const { session } = await customer();
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(session.refreshToken)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
    const won = answers.find(({ status }) => status === 200);
    expect((await refresh(won?.body.refreshToken)).status).toBe(401);
  });

  it('ends after 15 minutes without a refresh', async () => {
    const { session } = await customer();
    service.wait(14 * MINUTE);
    const { body } = await refresh(session.refreshToken);
    service.wait(15 * MINUTE);
    expect((await refresh(body.refreshToken)).status).toBe(401);
  });

  it('ends after 12 hours, however busy it is', async () => {
    let { session } = await customer();
    for (let minutes = 0; minutes < 12 * 60 - 14; minutes += 14) {
      service.wait(14 * MINUTE);
      session = (await refresh(session.refreshToken)).body;
      expect(session.refreshToken).toBeDefined();
    }
    expect(session.refreshExpiresIn).toBeLessThan(900);
    service.wait(14 * MINUTE);
    expect((await refresh(session.refreshToken)).status).toBe(401);
  });

  it('ends at once when its owner logs out', async () => {
    const { session, token } = await customer();
    expect((await service.call('delete', '/v1/sessions/current', token)).status).toBe(204);
    expect((await me(token)).body.type).toBe('urn:ecommerce-platform:problem:session-ended');
    expect((await refresh(session.refreshToken)).status).toBe(401);
  });

  it('is listed for its owner, who can end any of theirs and nobody else’s', async () => {
    const one = await customer();
    const other = (await service.login(one.email)).body;
    const { body } = await service.call('get', '/v1/sessions', one.token);
    expect(body.items).toEqual([
      expect.objectContaining({ id: decodeJwt(other.accessToken).sid, current: false }),
      expect.objectContaining({ id: decodeJwt(one.token).sid, current: true }),
    ]);
    const path = `/v1/sessions/${body.items[0].id}`;
    expect((await service.call('delete', path, (await customer()).token)).status).toBe(404);
    expect((await service.call('delete', path, one.token)).status).toBe(204);
    expect([(await me(other.accessToken)).status, (await me(one.token)).status]).toEqual([401, 200]);
  });

  it('is of no use once its account is gone from the list of sessions that are kept', async () => {
    const { session, token } = await customer();
    await service.pool.query('delete from sessions where id = $1', [decodeJwt(token).sid]);
    expect([(await me(token)).status, (await refresh(session.refreshToken)).status]).toEqual([401, 401]);
  });

  it('leaves nothing in the database that could be used', async () => {
    const { session } = await customer();
    const { rows } = await service.pool.query('select encode(digest, $1) as digest from refresh_tokens', [
      'escape',
    ]);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(session.refreshToken);
  });
});

describe('a new password', () => {
  const change = (token: string, body: object) => service.call('put', '/v1/users/me/password', token, body);
  const newPassword = 'another marker nobody may log';

  it('needs the old one, ends the other sessions, and works from then on', async () => {
    const one = await customer();
    const other = (await service.login(one.email)).body;
    expect((await change(one.token, { currentPassword: 'wrong', newPassword })).status).toBe(403);
    expect((await change(one.token, { currentPassword: PASSWORD, newPassword })).status).toBe(204);
    expect([(await me(one.token)).status, (await me(other.accessToken)).status]).toEqual([200, 401]);
    expect((await service.login(one.email)).status).toBe(401);
    expect((await service.login(one.email, { password: newPassword })).status).toBe(201);
  });

  it('must be as good as a first one', async () => {
    const { token } = await customer();
    const { status, body } = await change(token, {
      currentPassword: PASSWORD,
      newPassword: 'Password1234567',
    });
    expect([status, body.errors[0].pointer]).toEqual([400, '#/newPassword']);
  });

  it('is the same however a keyboard writes its letters', async () => {
    await service.register('accents@example.org', 'caf\u00e9 creme et croissants');
    const login = await service.login('accents@example.org', { password: 'cafe\u0301 creme et croissants' });
    expect(login.status).toBe(201);
  });
});

test('has logged no password, address or token in all of this', async () => {
  const { session } = await customer();
  await refresh(session.refreshToken);
  const log = service.lines.join('');
  for (const secret of [session.refreshToken, PASSWORD, 'marker nobody', 'example.org']) {
    expect(log).not.toContain(secret);
  }
  expect(log).not.toMatch(/eyJ[\w-]+\./);
});
