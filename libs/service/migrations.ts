import {
  MigrationFailed,
  type MigrationOptions,
  MigrationRefused,
  migrationStatus,
  rollbackMigration,
  runMigrations,
} from '../postgres';
import { CommandRefused } from './operations';

interface Refusal {
  code: string;
  message: string;
  hint: string;
  retriable: boolean;
}

/** `main.js migrations status | up [--contract] | rollback ID`: the JSON document it answers. `refused`: what it could not do, and why. */
export const answerMigrations = async (options: MigrationOptions, args: string[]) => {
  const [action, value, ...more] = args;
  if (more.length === 0) {
    if (action === 'status' && value === undefined) return statusOf(options);
    if (action === 'up' && (value === undefined || value === '--contract'))
      return up({ ...options, contract: value === '--contract' });
    if (action === 'rollback' && value !== undefined) return rollback(options, value);
  }
  throw new CommandRefused('Usage: migrations status | up [--contract] | rollback ID');
};

const statusOf = async (options: MigrationOptions) => {
  const { migrations, unknown } = await migrationStatus(options);
  return {
    migrations: migrations.map(({ appliedAt, ...migration }) => ({
      ...migration,
      applied: appliedAt?.toISOString() ?? null,
    })),
    unknown: unknown.map(({ id, appliedAt }) => ({ id, applied: appliedAt.toISOString() })),
  };
};

const up = async (options: MigrationOptions) => {
  try {
    return await runMigrations(options);
  } catch (error) {
    const applied = error instanceof MigrationFailed ? error.applied : [];
    return { applied, waiting: [], refused: refusalOf(error) };
  }
};

const rollback = async (options: MigrationOptions, id: string) => {
  try {
    await rollbackMigration(options, id);
    return { undone: [id] };
  } catch (error) {
    return { undone: [], refused: refusalOf(error) };
  }
};

const refusalOf = (error: unknown): Refusal => {
  if (!(error instanceof MigrationRefused || error instanceof MigrationFailed)) throw error;
  const { code, message, hint, retriable } = error;
  return { code, message, hint, retriable };
};
