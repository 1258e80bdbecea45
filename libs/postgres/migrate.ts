import { Kysely as Database, type Kysely, type Migration, Migrator, PostgresDialect } from 'kysely';
import type { Logger } from '../telemetry';
import type { Pool } from './pool';
import { isDatabaseUnavailable } from './transaction';

/** Migrations by id. Ids sort in the order they are to be applied: '0001-products', '0002-…'. */
export type Migrations = Record<
  string,
  { up(db: Kysely<unknown>): Promise<void>; down(db: Kysely<unknown>): Promise<void> }
>;

export interface MigrationOptions {
  pool: Pool;
  migrations: Migrations;
  /** Any number that is the service's own; two services in one database must differ. */
  lockId: number;
  logger?: Logger;
  /** How long to wait for a database that is not there yet; 60 s unless told. */
  waitMs?: number;
}

/** A migration failed: its own transaction was rolled back, earlier ones stay, later ones were not tried. */
export class MigrationFailed extends Error {
  readonly code = 'MIGRATION_FAILED';
  readonly retriable = false;
  constructor(
    readonly migration: string,
    cause: unknown,
  ) {
    super(`Migration '${migration}' failed and was rolled back: ${(cause as Error)?.message ?? cause}`, {
      cause,
    });
    this.name = 'MigrationFailed';
  }
}

/**
 * Applies pending migrations in order, each in one transaction together with its record, then runs `seed`, all under
 * one advisory lock: of two instances that start at once one migrates, the other waits and finds nothing to do.
 * @returns the ids applied.
 */
export async function runMigrations(
  options: MigrationOptions,
  seed?: () => Promise<void>,
): Promise<string[]> {
  await waitForDatabase(options.pool, options.waitMs ?? 60_000);
  return underLock(options, async () => {
    const migrator = createMigrator(options);
    const applied: string[] = [];
    for (;;) {
      // One step at a time, because migrateToLatest would put all pending ones into a single transaction.
      const { error, results } = await migrator.migrateUp();
      const step = results?.[0];
      if (error || step?.status === 'Error')
        throw new MigrationFailed(step?.migrationName ?? 'unknown', error);
      if (!step) break;
      options.logger?.info({ migration: step.migrationName }, 'migration applied');
      applied.push(step.migrationName);
    }
    await seed?.();
    return applied;
  });
}

/** Undoes one migration, in one transaction with its record. Refused unless it is the newest one applied. */
export async function rollbackMigration(options: MigrationOptions, id: string): Promise<void> {
  await underLock(options, async () => {
    const newest = (await migrationStatus(options)).filter((migration) => migration.appliedAt).at(-1);
    if (newest?.id !== id) {
      throw new MigrationFailed(
        id,
        new Error(`only the newest applied one, '${newest?.id ?? 'none'}', can be undone`),
      );
    }
    const { error } = await createMigrator(options).migrateDown();
    if (error) throw new MigrationFailed(id, error);
  });
}

export async function migrationStatus(
  options: Pick<MigrationOptions, 'pool' | 'migrations'>,
): Promise<{ id: string; appliedAt?: Date }[]> {
  const migrations = await createMigrator(options).getMigrations();
  return migrations.map((migration) => ({ id: migration.name, appliedAt: migration.executedAt }));
}

function createMigrator({ pool, migrations }: Pick<MigrationOptions, 'pool' | 'migrations'>): Migrator {
  return new Migrator({
    db: new Database({ dialect: new PostgresDialect({ pool }) }),
    provider: { getMigrations: async () => migrations as Record<string, Migration> },
  });
}

/** A session lock on a connection of its own, so that it also covers steps that are no single transaction. */
async function underLock<T>({ pool, lockId }: MigrationOptions, work: () => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('set statement_timeout = 0');
    await client.query('select pg_advisory_lock($1)', [lockId]);
    return await work();
  } finally {
    // Closing the connection gives the lock back whatever state it is in.
    client.release(true);
  }
}

/** Resolves once the database answers. @throws the last error when it does not within `waitMs`. */
export async function waitForDatabase(pool: Pool, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      await pool.query('select 1');
      return;
    } catch (error) {
      if (!isDatabaseUnavailable(error) || Date.now() >= deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
