import { type Pool, withTransaction } from '@platform/libs/postgres';
import type { AuthorisationCode, AuthorisationStore } from '../application/authorisation';
import type { Client, GrantType } from '../domain/oauth';
import type { Method } from '../domain/permissions';
import { writeAudit } from './audit';

interface ClientRow {
  id: string;
  name: string;
  secret_digest: Buffer | null;
  redirect_uris: string[];
  grants: GrantType[];
  scopes: string[];
}

interface CodeRow {
  client_id: string;
  user_id: string;
  redirect_uri: string;
  challenge: string;
  scopes: string[];
  methods: Method[];
  session_id: string;
  expires_at: Date;
  used_before: boolean;
}

const toClient = ({ id, name, grants, scopes, ...row }: ClientRow): Client => ({
  ...{ id, name, grants, scopes },
  redirectUris: row.redirect_uris,
  secretDigest: row.secret_digest ?? undefined,
});

const toCode = ({ challenge, scopes, methods, ...row }: CodeRow): AuthorisationCode => ({
  ...{ challenge, scopes, methods },
  clientId: row.client_id,
  userId: row.user_id,
  redirectUri: row.redirect_uri,
  sessionId: row.session_id,
  expiresAt: row.expires_at,
});

export function createAuthorisationStore(pool: Pool): AuthorisationStore {
  return {
    async client(id) {
      const { rows } = await pool.query<ClientRow>({
        name: 'client-by-id',
        text: 'select * from clients where id = $1',
        values: [id],
      });
      return rows[0] && toClient(rows[0]);
    },
    addClient: ({ id, name, secretDigest, redirectUris, grants, scopes }, entry) =>
      withTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `insert into clients (id, name, secret_digest, redirect_uris, grants, scopes)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
          [id, name, secretDigest ?? null, redirectUris, grants, scopes],
        );
        if (rowCount === 0) return false;
        await writeAudit(client, entry);
        return true;
      }),
    putClient: ({ id, name, secretDigest, redirectUris, grants, scopes }, entry) =>
      withTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `insert into clients (id, name, secret_digest, redirect_uris, grants, scopes)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (id) do update set name = excluded.name, secret_digest = excluded.secret_digest,
             redirect_uris = excluded.redirect_uris, grants = excluded.grants, scopes = excluded.scopes
           where (clients.name, clients.secret_digest, clients.redirect_uris, clients.grants, clients.scopes)
             is distinct from (excluded.name, excluded.secret_digest, excluded.redirect_uris, excluded.grants,
               excluded.scopes)`,
          [id, name, secretDigest ?? null, redirectUris, grants, scopes],
        );
        if (rowCount === 0) return false;
        await writeAudit(client, entry);
        return true;
      }),
    async saveCode(digest, code) {
      const { clientId, userId, redirectUri, challenge, scopes, methods, sessionId, expiresAt } = code;
      await pool.query(
        `insert into authorisation_codes
           (digest, client_id, user_id, redirect_uri, challenge, scopes, methods, session_id, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [digest, clientId, userId, redirectUri, challenge, scopes, methods, sessionId, expiresAt],
      );
    },
    async takeCode(digest, now) {
      const { rows } = await pool.query<CodeRow>(
        `with found as (select digest, used_at from authorisation_codes where digest = $1 for update)
         update authorisation_codes c set used_at = coalesce(c.used_at, $2) from found
         where c.digest = found.digest returning c.*, found.used_at is not null as used_before`,
        [digest, now],
      );
      return rows[0] && { code: toCode(rows[0]), again: rows[0].used_before };
    },
    async prune(before) {
      await pool.query('delete from authorisation_codes where expires_at < $1', [before]);
    },
  };
}
