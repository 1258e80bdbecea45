import { createEvent, enqueueEvents } from '@platform/libs/messaging';
import { type Pool, withTransaction } from '@platform/libs/postgres';
import { type PrivacyStore, USER_TOPIC } from '../application/privacy';
import { isLastAdmin } from './administration';
import { writeAudit } from './audit';
import { type SessionRow, toSession } from './sessions';
import { toUser, type UserRow } from './users';

export function createPrivacyStore(pool: Pool): PrivacyStore {
  return {
    export: (id, entry) =>
      withTransaction(pool, async (client) => {
        const users = await client.query<UserRow>('select * from users where id = $1 and erased_at is null', [
          id,
        ]);
        if (!users.rows[0]) return undefined;
        await writeAudit(client, entry);
        const factors = await client.query('select 1 from second_factors where user_id = $1 and confirmed', [
          id,
        ]);
        const sessions = await client.query<SessionRow>(
          'select * from sessions where user_id = $1 order by created_at',
          [id],
        );
        const audit = await client.query<{ at: Date; actor: string; action: string; detail: object }>(
          'select at, actor, action, detail from audit where subject = $1 order by id',
          [id],
        );
        const { passwordHash: _, ...profile } = toUser(users.rows[0]);
        return {
          profile,
          secondFactor: factors.rowCount === 1,
          sessions: sessions.rows
            .map(toSession)
            .map(({ id, createdAt, lastUsedAt, expiresAt, clientId }) => ({
              ...{ id, createdAt, lastUsedAt, expiresAt, clientId },
            })),
          audit: audit.rows.map((row) => ({ ...row, detail: { ...row.detail } })),
        };
      }),
    erase: (id, entry) =>
      withTransaction(pool, async (client) => {
        if (await isLastAdmin(client, id)) return 'last-admin';
        const { rowCount } = await client.query(
          // The row stays, so that the id is never given to anybody else. The address is free again.
          `update users set email = 'erased-' || id || '@erased.invalid', name = '', password_hash = '', roles = '{}',
             erased_at = $2
           where id = $1 and erased_at is null`,
          [id, entry.at],
        );
        if (rowCount === 0) return 'unknown';
        for (const table of ['sessions', 'second_factors', 'authorisation_codes']) {
          await client.query(`delete from ${table} where user_id = $1`, [id]);
        }
        await writeAudit(client, entry);
        await enqueueEvents(client, USER_TOPIC, [
          createEvent({
            id: `${id}-erased`,
            source: '/user-service',
            type: 'user.erased.v1',
            subject: id,
            time: entry.at,
            data: { userId: id },
          }),
        ]);
        return 'erased';
      }),
  };
}
