// How PostgreSQL goes about what is asked of many accounts and sessions.
import { randomBytes, randomUUID } from 'node:crypto';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { startPostgres, type TestPostgres, wholeTableReads } from '@platform/libs/testing';
import { createAdministrationStore } from './storage/administration';
import { createAuthorisationStore } from './storage/clients';
import { migrations } from './storage/migrations';
import { createPrivacyStore } from './storage/privacy';
import { createSecondFactorStore } from './storage/second-factors';
import { createSessionStore } from './storage/sessions';
import { createUserStore } from './storage/users';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

let server: TestPostgres;
let ids: string[];
beforeAll(async () => {
  server = await startPostgres();
  const pool = createPool({ url: server.url });
  await runMigrations({ pool, migrations, lockId: 1 });
  await pool.query(
    `insert into users (id, email, name, roles, password_hash) select gen_random_uuid(), 'u' || n || '@example.org', 'Jane',
       case when n <= 3 then '{customer,admin}' else '{customer}' end::text[], 'hash' from generate_series(1, 20000) n`,
  );
  await pool.query(
    `insert into sessions (id, user_id, methods, created_at, last_used_at, expires_at)
     select gen_random_uuid(), id, '{pwd}', now(), now(), now() + interval '12 hours' from users, generate_series(1, 2)`,
  );
  await pool.query(`insert into refresh_tokens select sha256(id::text::bytea), id from sessions`);
  await pool.query(`insert into second_factors (user_id, sealed_secret) select id, '\\x00' from users`);
  await pool.query(
    `insert into audit (at, actor, action, subject) select now(), id, 'user.exported', id from users`,
  );
  const { rows } = await pool.query("select id from users where not 'admin' = any(roles) limit 40");
  ids = rows.map(({ id }) => id);
  await pool.end();
}, 180_000);
afterAll(() => server?.stop());

const now = () => new Date();
const entry = (subject: string, action: string) => ({ actor: 'operator', action, subject, at: now() });

test('logging in, refreshing and logging out read one account and its sessions', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const users = createUserStore(pool);
    const sessions = createSessionStore(pool);
    const userId = ids[round]!;
    const [id, digest, next] = [randomUUID(), randomBytes(32), randomBytes(32)];
    const email = `new-${round}@example.org`;
    await users.add({ id: randomUUID(), email, name: 'Joe', roles: ['customer'], passwordHash: 'hash' });
    await users.byEmail(email);
    await users.byId(userId);
    await users.replaceHash(userId, 'other');
    const times = { createdAt: now(), lastUsedAt: now(), expiresAt: new Date(Date.now() + 60_000) };
    await sessions.open({ id, userId, methods: ['pwd'], ...times }, digest);
    await sessions.find(id);
    await sessions.ofUser(userId);
    await sessions.refresh({ digest, next, now: now(), decide: () => 'rotate' });
    await sessions.addMethod(id, 'otp');
    await createSecondFactorStore(pool).find(userId);
    await sessions.revoke({ userId, id }, now());
    await sessions.prune(new Date(Date.now() - 86_400_000));
  });
  expect(reads).toEqual([]);
});

test('looking after accounts, handing data out and erasing read one account, and the few who are staff', async () => {
  const reads = await wholeTableReads(server.url, async (pool, round) => {
    const administration = createAdministrationStore(pool);
    const privacy = createPrivacyStore(pool);
    const [userId, erased] = [ids[10 + round]!, ids[20 + round]!];
    await administration.list({ limit: 20 });
    await administration.list({ limit: 20, after: userId });
    await administration.list({ limit: 20, email: 'u77@example.org' });
    await administration.setLock(userId, now(), entry(userId, 'user.locked'));
    await administration.setRoles(userId, ['customer', 'support'], entry(userId, 'user.roles-changed'));
    await privacy.export(userId, entry(userId, 'user.exported'));
    await privacy.erase(erased, entry(erased, 'user.erased'));
    await createAuthorisationStore(pool).prune(now());
  });
  expect(reads).toEqual([]);
});
