import type { PoolClient } from '@platform/libs/postgres';
import { RebuildRunning } from '../application/search-index';

/** Any number of our own. */
const REBUILD_LOCK = 7_204_125;

/** One rebuild at a time, until the connection ends: a killed one cannot keep it. @throws RebuildRunning */
export async function lockRebuild(client: PoolClient): Promise<void> {
  const { rows } = await client.query('select pg_try_advisory_lock($1) as mine', [REBUILD_LOCK]);
  if (!rows[0].mine) throw new RebuildRunning();
}
