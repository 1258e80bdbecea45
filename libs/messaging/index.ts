export { incompatibilities, type JsonSchema } from './compatibility';
export { type ConsumerOptions, createConsumer, type EventConsumer } from './consumer';
export {
  breaches,
  brokenPromises,
  type Contracts,
  type Published,
  type Registry,
  toJsonSchema,
  toRegistry,
} from './contracts';
export { type DeadLetter, INBOX_DAYS, type Replayed } from './dead-letters';
export { type CloudEvent, createEvent, type NewCloudEvent, PoisonMessage, parseEvent } from './envelope';
export { type Handler, type HandlerContext, handler } from './handling';
export {
  type BrokerMessage,
  BrokerUnavailable,
  type Deliveries,
  type Delivery,
  type KafkaPort,
  MessageRefused,
  type ReceivedMessage,
  type SubscribeOptions,
  type Subscription,
} from './kafka-port';
export { createKafka, type KafkaOptions } from './kafkajs';
export { messagingMigration, messagingUpkeepMigration } from './migration';
export { enqueueEvents } from './outbox';
export { type Relay, type RelayOptions, startRelay } from './relay';
export { type StoreRelayOptions, startStoreRelay } from './store-relay';
export { together } from './together';
