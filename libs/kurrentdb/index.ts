export {
  createKurrentEventStore,
  EventStoreUnavailable,
  type KurrentEventStore,
  type KurrentOptions,
} from './store';
