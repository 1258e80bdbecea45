import { type Pool, type PoolClient, withTransaction } from '@platform/libs/postgres';
import type { AdministrationStore } from '../application/administration';
import type { AuditEntry } from '../application/ports';
import { writeAudit } from './audit';
import { toUser, type UserRow } from './users';

/** Locks all admins, so that two changes cannot each believe that another admin is left. */
export async function isLastAdmin(client: PoolClient, id: string): Promise<boolean> {
  const { rows } = await client.query<{ id: string }>(
    `select id from users where 'admin' = any(roles) and erased_at is null and locked_at is null for update`,
  );
  return rows.length === 1 && rows[0]?.id === id;
}

export function createAdministrationStore(pool: Pool): AdministrationStore {
  const change = async (client: PoolClient, text: string, value: unknown, entry: AuditEntry) => {
    const { rowCount } = await client.query(`update users set ${text} where id = $1 and erased_at is null`, [
      entry.subject,
      value,
    ]);
    if (rowCount === 0) return false;
    await client.query('update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null', [
      entry.subject,
      entry.at,
    ]);
    await writeAudit(client, entry);
    return true;
  };
  return {
    async list({ email, after, limit }) {
      const { rows } = await pool.query<UserRow>(
        `select id, email, name, roles, password_hash, created_at, locked_at from users
         where erased_at is null and ($1::text is null or email = $1) and ($2::uuid is null or id > $2)
         order by id limit $3`,
        [email ?? null, after ?? null, limit],
      );
      return rows.map((row) => {
        const { passwordHash: _, ...account } = toUser(row);
        return account;
      });
    },
    setLock: (id, lockedAt, entry) =>
      withTransaction(pool, async (client) => {
        if (lockedAt && (await isLastAdmin(client, id))) return 'last-admin';
        return change(client, 'locked_at = $2', lockedAt ?? null, entry);
      }),
    setRoles: (id, roles, entry) =>
      withTransaction(pool, async (client) => {
        if (!roles.includes('admin') && (await isLastAdmin(client, id))) return 'last-admin';
        return change(client, 'roles = $2', roles, entry);
      }),
    addFirstAdmin: ({ id, email, name, roles, passwordHash }, entry) =>
      withTransaction(pool, async (client) => {
        // Two operators at once must not both be first.
        await client.query('lock table users in share row exclusive mode');
        const { rowCount: admins } = await client.query(
          `select 1 from users where 'admin' = any(roles) and erased_at is null`,
        );
        if (admins) return 'exists';
        const { rowCount } = await client.query(
          `insert into users (id, email, name, roles, password_hash) values ($1, $2, $3, $4, $5)
           on conflict (email) do nothing`,
          [id, email, name, roles, passwordHash],
        );
        if (rowCount === 0) return 'taken';
        await writeAudit(client, entry);
        return 'added';
      }),
  };
}
