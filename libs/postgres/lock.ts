import type { PoolClient } from './pool';

/** A lock of the session: others have to do without it until the connection ends, so a killed process cannot keep it. @returns whether it was free */
export async function tryLock(client: PoolClient, lockId: number): Promise<boolean> {
  const { rows } = await client.query('select pg_try_advisory_lock($1) as mine', [lockId]);
  return rows[0].mine;
}
