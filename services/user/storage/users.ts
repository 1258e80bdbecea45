import type { Pool } from '@platform/libs/postgres';
import type { StoredUser, UserStore } from '../application/ports';

export interface UserRow {
  id: string;
  email: string;
  name: string;
  roles: string[];
  password_hash: string;
  created_at: Date;
  locked_at: Date | null;
}

export const toUser = ({ id, email, name, roles, ...row }: UserRow): StoredUser => ({
  ...{ id, email, name, roles },
  passwordHash: row.password_hash,
  createdAt: row.created_at,
  lockedAt: row.locked_at ?? undefined,
});

export function createUserStore(pool: Pool): UserStore {
  const find = async (column: 'id' | 'email', value: string): Promise<StoredUser | undefined> => {
    const { rows } = await pool.query<UserRow>({
      name: `user-by-${column}`,
      text: `select id, email, name, roles, password_hash, created_at, locked_at from users
             where ${column} = $1 and erased_at is null`,
      values: [value],
    });
    return rows[0] && toUser(rows[0]);
  };
  return {
    async add({ id, email, name, roles, passwordHash }) {
      const result = await pool.query(
        `insert into users (id, email, name, roles, password_hash) values ($1, $2, $3, $4, $5)
         on conflict (email) do nothing`,
        [id, email, name, roles, passwordHash],
      );
      return result.rowCount === 1;
    },
    byEmail: (email) => find('email', email),
    byId: (id) => find('id', id),
    async replaceHash(id, passwordHash) {
      await pool.query('update users set password_hash = $2 where id = $1', [id, passwordHash]);
    },
  };
}
