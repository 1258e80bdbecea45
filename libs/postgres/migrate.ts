import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import type { Logger } from '../telemetry';
import { tryLock } from './lock';
import {
  expandingIn,
  type Migration,
  MigrationRefused,
  type Migrations,
  type Plan,
  planDown,
  planUp,
} from './migration-plan';
import type { Pool, PoolClient } from './pool';
import { isDatabaseUnavailable } from './transaction';

export interface MigrationOptions {
  pool: Pool;
  migrations: Migrations;
  /** Any number that is the service's own; two services in one database must differ. */
  lockId: number;
  logger?: Logger;
  /** How long to wait for a database that is not there yet; 60 s unless told. */
  waitMs?: number;
  /** Apply contracting ones too: nobody serves any more who needs what they take away. */
  contract?: boolean;
  /** How often a migration is tried that waits too long for a lock, and the first pause between; 5 and 1 s unless told. */
  attempts?: number;
  pauseMs?: number;
}

/** A migration failed. Those in `applied` stay, later ones were not tried. */
export class MigrationFailed extends Error {
  readonly code: 'MIGRATION_FAILED' | 'MIGRATION_LOCK_TIMEOUT';
  readonly retriable: boolean;
  readonly hint: string;
  /** What the same call applied before. */
  applied: string[] = [];
  constructor(
    readonly migration: string,
    cause: unknown,
    { concurrent = false }: Pick<Migration, 'concurrent'> = {},
  ) {
    const blocked = isBlocked(cause);
    const left = concurrent ? 'failed half way, as it runs in no transaction' : 'failed and was rolled back';
    super(`Migration '${migration}' ${left}: ${(cause as Error)?.message ?? cause}`, { cause });
    this.name = 'MigrationFailed';
    this.code = blocked ? 'MIGRATION_LOCK_TIMEOUT' : 'MIGRATION_FAILED';
    this.retriable = blocked || isDatabaseUnavailable(cause);
    this.hint = hintFor(blocked, this.retriable, concurrent);
  }
}

const hintFor = (blocked: boolean, retriable: boolean, concurrent: boolean): string => {
  if (blocked)
    return 'Another transaction held a lock on the same table for too long: pg_stat_activity shows it. Run it again.';
  if (retriable) return 'The database went away. Run it again when it is back.';
  return concurrent
    ? 'It may be run again once its cause is gone: it takes away first what it left.'
    : 'Nothing of it is left. Correct it and run it again.';
};

/** Waited too long for a lock, or in a ring: the same may go through later. */
const isBlocked = (error: unknown): boolean =>
  ['55P03', '40P01'].includes((error as { code?: string } | undefined)?.code ?? '');

export interface MigrationRun {
  applied: string[];
  /** A contracting migration that was not asked for, and what stands behind it. */
  waiting: string[];
}

/**
 * Applies pending migrations in order, each in one transaction together with its record, then runs `seed`, all under
 * one advisory lock: of two instances that start at once one migrates, the other waits and finds nothing to do.
 * It stops before one that contracts, unless `contract` is set or no version ever served from this database.
 */
export async function runMigrations(
  options: MigrationOptions,
  seed?: (waiting: string[]) => Promise<void>,
): Promise<MigrationRun> {
  await waitForDatabase(options.pool, options.waitMs ?? 60_000);
  return underLock(options, async (db) => {
    const { run, waiting } = await beginRun(db, options);
    const applied: string[] = [];
    for (const id of run) {
      try {
        await apply(db, id, options);
      } catch (error) {
        if (error instanceof MigrationFailed) error.applied = applied;
        throw error;
      }
      options.logger?.info({ migration: id }, 'migration applied');
      applied.push(id);
    }
    await endFirstRun(db);
    await seed?.(waiting);
    return { applied, waiting };
  });
}

/**
 * `runMigrations` for an instance that starts: what contracts is left, unless the instance needs something behind it.
 * @throws MigrationRefused then; what comes before was applied.
 */
export async function migrateBeforeStart(
  options: MigrationOptions,
  seed?: () => Promise<void>,
): Promise<void> {
  await runMigrations(options, async (waiting) => {
    const [contracting] = waiting;
    const [needed] = expandingIn(options.migrations, waiting);
    if (needed) {
      throw new MigrationRefused(
        `Migration '${contracting}' contracts, so it is not applied at a start, and '${needed}' waits behind it`,
        'When no older version serves any more: platform migrate SERVICE up --contract. If this version brought both, let what contracts come last.',
      );
    }
    if (contracting) options.logger?.info({ waiting }, 'what contracts waits until it is asked for');
    await seed?.();
  });
}

/** Undoes one migration, in one transaction with its record. Refused unless it is the newest one applied. */
export async function rollbackMigration(options: MigrationOptions, id: string): Promise<void> {
  await underLock(options, async (db) => {
    const migration = planDown(
      options.migrations,
      (await readApplied(db)).map(({ name }) => name),
      id,
    );
    await attempt(db, id, migration, options, async (step) => {
      await migration.down(step);
      await sql`delete from kysely_migration where name = ${id}`.execute(step);
    });
    options.logger?.info({ migration: id }, 'migration undone');
  });
}

export interface MigrationStatus {
  /** In their order. */
  migrations: { id: string; phase: 'expand' | 'contract'; concurrent: boolean; appliedAt?: Date }[];
  /** Applied by another version; this one does not know them. */
  unknown: { id: string; appliedAt: Date }[];
}

export async function migrationStatus({
  pool,
  migrations,
}: Pick<MigrationOptions, 'pool' | 'migrations'>): Promise<MigrationStatus> {
  const rows = await readApplied(new Kysely({ dialect: new PostgresDialect({ pool }) }));
  const applied = new Map(rows.map(({ name, timestamp }) => [name, new Date(timestamp)]));
  const known = Object.entries(migrations).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    migrations: known.map(([id, { phase = 'expand', concurrent = false }]) => ({
      ...{ id, phase, concurrent, appliedAt: applied.get(id) },
    })),
    unknown: [...applied]
      .filter(([id]) => !Object.hasOwn(migrations, id))
      .map(([id, appliedAt]) => ({ id, appliedAt })),
  };
}

/**
 * An index on a table that is written to meanwhile. What a failed attempt left, which PostgreSQL keeps as an invalid index that
 * only costs, is dropped first; a valid one whose record could not be written stays.
 * @param definition what follows the index's name: 'on orders (customer_id)'
 */
export const concurrentIndex = (name: string, definition: string, { unique = false } = {}): Migration => ({
  concurrent: true,
  async up(db) {
    const { rows } = await sql`
      select from pg_index where indexrelid = to_regclass(${name}) and not indisvalid`.execute(db);
    if (rows.length > 0) await sql`drop index concurrently ${sql.id(name)}`.execute(db);
    const index = sql.raw(unique ? 'unique index' : 'index');
    await sql`create ${index} concurrently if not exists ${sql.id(name)} ${sql.raw(definition)}`.execute(db);
  },
  async down(db) {
    await sql`drop index concurrently if exists ${sql.id(name)}`.execute(db);
  },
});

type Db = Kysely<unknown>;

/** The names of Kysely's own migrator, which earlier versions used. */
async function readApplied(db: Db): Promise<{ name: string; timestamp: string }[]> {
  const { rows: tables } = await sql`select where to_regclass('kysely_migration') is not null`.execute(db);
  if (tables.length === 0) return [];
  const { rows } = await sql<{ name: string; timestamp: string }>`
    select name, timestamp from kysely_migration order by name collate "C"`.execute(db);
  return rows;
}

const FIRST_RUN = 'first run: nobody has served from this database yet';

/** What is to be done. The first run is marked until it is through, so that one that was killed is finished as what it was. */
async function beginRun(db: Db, { migrations, contract = false }: MigrationOptions): Promise<Plan> {
  await sql`
    create table if not exists kysely_migration (
      name varchar(255) primary key,
      timestamp varchar(255) not null
    )`.execute(db);
  const applied = (await readApplied(db)).map(({ name }) => name);
  if (applied.length === 0) await sql`comment on table kysely_migration is ${sql.lit(FIRST_RUN)}`.execute(db);
  return planUp(migrations, applied, contract || (await isFirstRun(db)));
}

async function isFirstRun(db: Db): Promise<boolean> {
  const { rows } = await sql<{ comment: string | null }>`
    select obj_description('kysely_migration'::regclass, 'pg_class') as comment`.execute(db);
  return rows[0]?.comment === FIRST_RUN;
}

async function endFirstRun(db: Db): Promise<void> {
  if (await isFirstRun(db)) await sql`comment on table kysely_migration is null`.execute(db);
}

async function apply(db: Db, id: string, options: MigrationOptions): Promise<void> {
  const migration = options.migrations[id] as Migration;
  await attempt(db, id, migration, options, async (step) => {
    await migration.up(step);
    // The database's clock: instances differ.
    await sql`
      insert into kysely_migration (name, timestamp)
      values (${id}, to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`.execute(
      step,
    );
  });
}

/** Runs one step in its transaction, or in none, and again while it is blocked. @throws MigrationFailed */
async function attempt(
  db: Db,
  id: string,
  migration: Migration,
  { attempts = 5, pauseMs = 1000, logger }: MigrationOptions,
  step: (db: Db) => Promise<void>,
): Promise<void> {
  const { concurrent = false, lockTimeoutMs = 5000 } = migration;
  for (let tried = 1; ; tried++) {
    try {
      if (concurrent) return await step(db);
      return await db.transaction().execute(async (transaction) => {
        // Whoever comes after a statement that waits for a lock waits too: the whole shop, if it is let.
        await sql`set local lock_timeout = ${sql.lit(lockTimeoutMs)}`.execute(transaction);
        await step(transaction);
      });
    } catch (error) {
      if (!isBlocked(error) || tried >= attempts) throw new MigrationFailed(id, error, migration);
      logger?.warn({ migration: id, tried }, 'a migration waited too long for a lock; trying again');
      await sleep(pauseMs * 2 ** (tried - 1));
    }
  }
}

/**
 * A session lock, on the connection that also does the work: whoever loses one loses the other. It is asked for again and again,
 * because an instance that waited inside a statement would keep the other's `create index concurrently` waiting for it.
 */
async function underLock<T>(
  { pool, lockId, logger }: MigrationOptions,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks between two statements must not end the process as an unhandled 'error' event.
  client.on('error', () => undefined);
  try {
    // A migration takes as long as it takes.
    await client.query('set statement_timeout = 0');
    await client.query('set idle_in_transaction_session_timeout = 0');
    for (let told = false; !(await tryLock(client, lockId)); told = true) {
      if (!told) logger?.info('another instance migrates; waiting for it');
      await sleep(200);
    }
    return await work(onlyOn(client));
  } finally {
    // Closing the connection gives the lock back whatever state it is in.
    client.release(true);
  }
}

/** A Kysely that has this one connection. */
function onlyOn(client: PoolClient): Db {
  const pinned = { query: client.query.bind(client), release() {} } as PoolClient;
  return new Kysely({
    dialect: new PostgresDialect({ pool: { connect: async () => pinned, async end() {} } }),
  });
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
      await sleep(500);
    }
  }
}
