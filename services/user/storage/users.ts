import type { Pool } from '@platform/libs/postgres';
import type { StoredUser, UserStore } from '../application/accounts';

interface Row {
  id: string;
  email: string;
  name: string;
  roles: string[];
  password_hash: string;
}

export function createUserStore(pool: Pool): UserStore {
  const find = async (column: 'id' | 'email', value: string): Promise<StoredUser | undefined> => {
    const { rows } = await pool.query<Row>({
      name: `user-by-${column}`,
      text: `select id, email, name, roles, password_hash from users where ${column} = $1`,
      values: [value],
    });
    const row = rows[0];
    return (
      row && {
        id: row.id,
        email: row.email,
        name: row.name,
        roles: row.roles,
        passwordHash: row.password_hash,
      }
    );
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
