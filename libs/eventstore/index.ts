export { createPostgresEventStore, eventStoreMigration } from './postgres';
export {
  ConcurrencyConflict,
  type EventStore,
  type ExpectedVersion,
  type NewEvent,
  type Position,
  START,
  type StoredEvent,
} from './store';
