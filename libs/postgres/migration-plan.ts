import type { Kysely } from 'kysely';

interface Step {
  up(db: Kysely<unknown>): Promise<void>;
  /**
   * 'expand' unless told: the version before goes on working. 'contract' takes away or narrows what that version uses, and is
   * applied only when it is asked for (docs/adr/0024-migrations.md).
   */
  phase?: 'expand' | 'contract';
  /** Runs outside a transaction; its record is written right after. It must bear to be run again: see concurrentIndex. */
  concurrent?: boolean;
  /** How long one of its statements may wait for a lock, and others behind it; 5 s unless there is a reason. */
  lockTimeoutMs?: number;
}

export type Migration = Step &
  (
    | { down(db: Kysely<unknown>): Promise<void> }
    /** Why there is no way back, in place of `down`. */
    | { irreversible: string }
  );

/** Migrations by id. Ids sort in the order they are to be applied: '0001-products', '0002-…'. */
export type Migrations = Record<string, Migration>;

/** What was asked for cannot be done as things are; nothing was changed. */
export class MigrationRefused extends Error {
  readonly code = 'MIGRATION_REFUSED';
  readonly retriable = false;
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = 'MigrationRefused';
  }
}

export interface Plan {
  /** In this order. */
  run: string[];
  /** A contracting migration that was not asked for, and what stands behind it. */
  waiting: string[];
}

/** @param applied ids in the order of their names, also those that only another version knows */
export const planUp = (migrations: Migrations, applied: string[], contract: boolean): Plan => {
  const pending = Object.keys(migrations)
    .sort()
    .filter((id) => !applied.includes(id));
  const newest = applied.at(-1);
  const [first] = pending;
  if (first !== undefined && newest !== undefined && first < newest) {
    throw new MigrationRefused(
      `Migration '${first}' is pending, but '${newest}' after it is applied`,
      'Migrations are applied in the order of their names: give it a number behind, or, if a newer version serves, leave it to that.',
    );
  }
  const stop = contract ? -1 : pending.findIndex((id) => migrations[id]?.phase === 'contract');
  return stop < 0
    ? { run: pending, waiting: [] }
    : { run: pending.slice(0, stop), waiting: pending.slice(stop) };
};

/** What a pod may not start without: a migration that expands, stuck behind one that contracts. */
export const expandingIn = (migrations: Migrations, waiting: string[]): string[] =>
  waiting.filter((id) => migrations[id]?.phase !== 'contract');

/** @throws MigrationRefused unless it is the newest one applied, known here, and has a way back. */
export const planDown = (
  migrations: Migrations,
  applied: string[],
  id: string,
): Migration & { down(db: Kysely<unknown>): Promise<void> } => {
  const newest = applied.at(-1);
  if (id !== newest) {
    throw new MigrationRefused(
      `Migration '${id}' cannot be undone: only the newest applied one can, ${newest ? `'${newest}'` : 'and there is none'}`,
      newest && applied.includes(id)
        ? `Undo what came after it first, the newest first: '${newest}'.`
        : 'It is not applied here: see what is with status.',
    );
  }
  const migration = migrations[id];
  if (!migration) {
    throw new MigrationRefused(
      `Migration '${id}' is unknown to this version, which cannot undo it`,
      'Ask a pod of the version that brought it.',
    );
  }
  if (!('down' in migration)) {
    throw new MigrationRefused(
      `Migration '${id}' has no way back: ${migration.irreversible}`,
      'Write a migration that goes on from here, or restore the database.',
    );
  }
  return migration;
};
