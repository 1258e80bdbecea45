import { Readable } from 'node:stream';
import { createAdminCommand } from './commands';
import { PASSWORD, startUserService, type UserService } from './user.fixtures';

jest.setTimeout(90_000);

let service: UserService;
beforeAll(async () => {
  service = await startUserService();
}, 180_000);
afterAll(() => service?.stop());

const createAdmin = (email: string, password = PASSWORD) =>
  createAdminCommand({
    pool: service.pool,
    args: [email],
    input: Readable.from([`${password}\n`]),
    print: () => undefined,
  });
const kind = (answer: { body: { type?: string } }) => answer.body.type?.split(':').at(-1);
const audit = async (subject: string) =>
  (
    await service.pool.query('select actor, action, detail from audit where subject = $1 order by id', [
      subject,
    ])
  ).rows;
const roles = (id: string, token: string, wanted: string[]) =>
  service.call('put', `/v1/users/${id}/roles`, token, { roles: wanted });

describe('the first administrator', () => {
  it('is made by a command, with a password that is as good as anybody’s', async () => {
    await expect(createAdmin('root@example.org', 'Password1234567')).rejects.toThrow('attackers try');
    await expect(createAdmin('no address')).rejects.toThrow('Usage: create-admin EMAIL');
    await createAdmin('root@example.org');
    const { rows } = await service.pool.query(`select id from users where email = 'root@example.org'`);
    expect(await audit(rows[0].id)).toEqual([{ actor: 'operator', action: 'admin.created', detail: {} }]);
  });

  it('is the only one that command makes', async () => {
    const both = await Promise.allSettled([createAdmin('a@example.org'), createAdmin('b@example.org')]);
    expect(both.map((one) => one.status === 'rejected' && one.reason.message)).toEqual(
      Array(2).fill('There is an administrator already; ask them for a role'),
    );
  });

  it('begins with a second factor, makes others, and cannot be the last to go', async () => {
    const { body: first } = await service.login('root@example.org');
    expect(first.scope).toBe('mfa:enrol');
    const { accessToken } = await service.enrol(first.accessToken);
    const { body: page } = await service.call('get', '/v1/users?email=root@example.org', accessToken);
    const [{ id: root }] = page.items;
    expect(kind(await roles(root, accessToken, ['customer']))).toBe('last-admin');
    expect(kind(await service.call('put', `/v1/users/${root}/lock`, accessToken))).toBe('last-admin');

    const jane = await service.customer('jane@example.org');
    expect((await roles(jane.id, accessToken, ['customer', 'admin'])).status).toBe(204);
    expect((await service.call('get', '/v1/users/me', jane.token)).status).toBe(401);
    expect((await service.login('jane@example.org')).body.scope).toBe('mfa:enrol');
    expect(await audit(jane.id)).toEqual([
      { actor: root, action: 'user.roles-changed', detail: { roles: ['customer', 'admin'] } },
    ]);
  });
});

describe('support', () => {
  it('lists accounts page by page, without what proves who they are', async () => {
    const { token } = await service.staff('lists@example.org', ['support']);
    for (let i = 0; i < 3; i++) await service.register(`page-${i}@example.org`);
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await service.call('get', `/v1/users?limit=2${cursor}`, token);
      seen.push(...body.items.map(({ email }: { email: string }) => email));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual(expect.arrayContaining(['page-0@example.org', 'page-2@example.org']));
    expect(new Set(seen).size).toBe(seen.length);
    const { body } = await service.call('get', '/v1/users?email=Page-0@example.org', token);
    expect(body.items).toEqual([
      {
        id: expect.any(String),
        email: 'page-0@example.org',
        name: 'Jane Doe',
        roles: ['customer'],
        locked: false,
        createdAt: expect.any(String),
      },
    ]);
  });

  it('locks an account: its sessions end and nobody logs in, until it is unlocked', async () => {
    const { id: supporter, token } = await service.staff('locks@example.org', ['support']);
    const jane = await service.customer('locked@example.org');
    expect((await service.call('put', `/v1/users/${jane.id}/lock`, token)).status).toBe(204);
    expect((await service.call('get', '/v1/users/me', jane.token)).status).toBe(401);
    const refreshed = await service.call('post', '/v1/sessions/refresh', undefined, {
      refreshToken: jane.session.refreshToken,
    });
    expect(refreshed.status).toBe(401);
    expect(kind(await service.login(jane.email))).toBe('account-locked');
    expect(kind(await service.login(jane.email, { password: 'wrong' }))).toBe('wrong-credentials');

    expect((await service.call('delete', `/v1/users/${jane.id}/lock`, token)).status).toBe(204);
    expect((await service.login(jane.email)).status).toBe(201);
    expect(await audit(jane.id)).toEqual([
      { actor: supporter, action: 'user.locked', detail: {} },
      { actor: supporter, action: 'user.unlocked', detail: {} },
    ]);
  });

  it('makes nobody anything', async () => {
    const { id, token } = await service.staff('climbs@example.org', ['support']);
    expect((await roles(id, token, ['admin'])).status).toBe(403);
  });

  it('is told when there is no such account', async () => {
    const { token } = await service.staff('misses@example.org', ['support']);
    const path = '/v1/users/00000000-0000-4000-8000-000000000000/lock';
    expect((await service.call('put', path, token)).status).toBe(404);
  });
});

test('audit records cannot be changed, not even by the service', async () => {
  for (const change of [`update audit set actor = 'x'`, 'delete from audit', 'truncate audit']) {
    await expect(service.pool.query(change)).rejects.toThrow('never changed');
  }
});
