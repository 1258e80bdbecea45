import { type PoolClient, tryLock } from '@platform/libs/postgres';
import { RebuildRunning } from '../application/search-index';

/** Any number of our own. */
const REBUILD_LOCK = 7_204_125;

/** One rebuild at a time, until the connection ends: a killed one cannot keep it. @throws RebuildRunning */
export async function lockRebuild(client: PoolClient): Promise<void> {
  if (!(await tryLock(client, REBUILD_LOCK))) throw new RebuildRunning();
}

/** Ends the connection. The lock goes first, or who comes right after might still meet it: a connection takes a moment to end. */
export async function endRebuild(client: PoolClient): Promise<void> {
  await client.query('select pg_advisory_unlock_all()').catch(() => undefined);
  client.release(true);
}
