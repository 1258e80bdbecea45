import { type Pool, withTransaction } from '@platform/libs/postgres';
import type { SessionRecord, SessionStore, User } from '../application/ports';
import type { Method } from '../domain/permissions';

export interface SessionRow {
  id: string;
  user_id: string;
  methods: Method[];
  client_id: string | null;
  scopes: string[] | null;
  created_at: Date;
  last_used_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
}

type WithUser = SessionRow & { email: string; name: string; roles: string[]; locked: boolean };

export const toSession = (row: SessionRow): SessionRecord => ({
  id: row.id,
  userId: row.user_id,
  methods: row.methods,
  clientId: row.client_id ?? undefined,
  scopes: row.scopes ?? undefined,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at ?? undefined,
});

const toUser = ({ user_id, email, name, roles }: WithUser): User => ({ id: user_id, email, name, roles });

const WITH_USER = `s.*, u.email, u.name, u.roles, (u.locked_at is not null or u.erased_at is not null) as locked`;

export function createSessionStore(pool: Pool): SessionStore {
  return {
    open: ({ id, userId, methods, clientId, scopes, createdAt, expiresAt }, tokenDigest) =>
      withTransaction(pool, async (client) => {
        await client.query(
          `insert into sessions (id, user_id, methods, client_id, scopes, created_at, last_used_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $6, $7)`,
          [id, userId, methods, clientId ?? null, scopes ?? null, createdAt, expiresAt],
        );
        await client.query('insert into refresh_tokens (digest, session_id) values ($1, $2)', [
          tokenDigest,
          id,
        ]);
      }),
    async ofUser(userId) {
      const { rows } = await pool.query<SessionRow>(
        'select * from sessions where user_id = $1 and revoked_at is null order by created_at desc',
        [userId],
      );
      return rows.map(toSession);
    },
    async find(id) {
      const { rows } = await pool.query<WithUser>({
        name: 'session-by-id',
        text: `select ${WITH_USER} from sessions s join users u on u.id = s.user_id where s.id = $1`,
        values: [id],
      });
      const [row] = rows;
      return row && !row.locked ? { session: toSession(row), user: toUser(row) } : undefined;
    },
    async addMethod(id, method) {
      await pool.query(
        'update sessions set methods = array_append(methods, $2) where id = $1 and not $2 = any(methods)',
        [id, method],
      );
    },
    async revoke({ userId, id, except }, at) {
      const { rowCount } = await pool.query(
        `update sessions set revoked_at = $4 where user_id = $1 and revoked_at is null
         and ($2::uuid is null or id = $2) and ($3::uuid is null or id <> $3)`,
        [userId, id ?? null, except ?? null, at],
      );
      return rowCount ?? 0;
    },
    refresh: ({ digest, next, now, decide }) =>
      withTransaction(pool, async (client) => {
        // The session's row is what two refreshes of one family wait for.
        const { rows } = await client.query<WithUser & { used_at: Date | null }>(
          `select ${WITH_USER}, t.used_at from refresh_tokens t
           join sessions s on s.id = t.session_id join users u on u.id = s.user_id
           where t.digest = $1 for update of s, t`,
          [digest],
        );
        const [row] = rows;
        const session = row && toSession(row);
        const outcome = decide(
          row && session && { session, usedAt: row.used_at ?? undefined, locked: row.locked },
        );
        if (outcome === 'reused' && session) {
          await client.query('update sessions set revoked_at = coalesce(revoked_at, $2) where id = $1', [
            session.id,
            now,
          ]);
        }
        if (outcome !== 'rotate') return { outcome, session };
        await client.query('update refresh_tokens set used_at = $2 where digest = $1', [digest, now]);
        await client.query('insert into refresh_tokens (digest, session_id) values ($1, $2)', [
          next,
          row!.id,
        ]);
        await client.query('update sessions set last_used_at = $2 where id = $1', [row!.id, now]);
        return { outcome: 'rotated', session: session!, user: toUser(row!) };
      }),
    async prune(before) {
      await pool.query('delete from sessions where expires_at < $1', [before]);
    },
  };
}
