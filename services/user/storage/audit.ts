import type { PoolClient } from '@platform/libs/postgres';
import type { AuditEntry } from '../application/ports';

/** In the transaction of what it is about: nothing is done without its record. */
export async function writeAudit(client: PoolClient, entry: AuditEntry): Promise<void> {
  const { at, actor, action, subject, detail = {} } = entry;
  await client.query('insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)', [
    at,
    actor,
    action,
    subject,
    detail,
  ]);
}
