export {
  createPostgresEventStore,
  eventStoreMigration,
  eventStoreUpkeepMigration,
  redactEvents,
} from './postgres';
export {
  createProjection,
  type Projection,
  type ProjectionTable,
  project,
  type RunningProjection,
} from './projection';
export {
  ConcurrencyConflict,
  type EventStore,
  type ExpectedVersion,
  type NewEvent,
  type Position,
  type PositionedEvent,
  START,
  type StoredEvent,
  type Streams,
  type TransactionalEventStore,
} from './store';
export {
  type Subscription,
  type SubscriptionOptions,
  subscribe,
  subscriptionMigration,
} from './subscription';
export { demandAnEnd, type Upcast, type Upcasts, upcast, withUpcasts } from './upcast';
