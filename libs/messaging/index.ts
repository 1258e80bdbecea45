export {
  type ConsumerOptions,
  createConsumer,
  type EventConsumer,
  type Handler,
  type HandlerContext,
  handler,
} from './consumer';
export { type CloudEvent, createEvent, type NewCloudEvent, PoisonMessage, parseEvent } from './envelope';
export {
  type BrokerMessage,
  BrokerUnavailable,
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
