export { readsFrom } from './copy';
export { type Listener, listen } from './listen';
export { tryLock } from './lock';
export {
  concurrentIndex,
  MigrationFailed,
  type MigrationOptions,
  type MigrationRun,
  type MigrationStatus,
  migrateBeforeStart,
  migrationStatus,
  rollbackMigration,
  runMigrations,
  waitForDatabase,
} from './migrate';
export { type Migration, MigrationRefused, type Migrations } from './migration-plan';
export { createPool, type Pool, type PoolClient, type PoolOptions, type Queryable } from './pool';
export {
  holdsNul,
  isDatabaseUnavailable,
  isRetriableDatabaseError,
  isUniqueViolation,
  together,
  withTransaction,
} from './transaction';
