export { readsFrom } from './copy';
export { type Listener, listen } from './listen';
export {
  MigrationFailed,
  type MigrationOptions,
  type Migrations,
  migrationStatus,
  rollbackMigration,
  runMigrations,
  waitForDatabase,
} from './migrate';
export { createPool, type Pool, type PoolClient, type PoolOptions, type Queryable } from './pool';
export {
  isDatabaseUnavailable,
  isRetriableDatabaseError,
  isUniqueViolation,
  withTransaction,
} from './transaction';
