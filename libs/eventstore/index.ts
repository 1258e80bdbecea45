export {
  createPostgresEventStore,
  eventStoreMigration,
  eventStoreUpkeepMigration,
  redactEvents,
} from './postgres';
export {
  ConcurrencyConflict,
  type EventStore,
  type ExpectedVersion,
  type NewEvent,
  type Position,
  START,
  type StoredEvent,
} from './store';
