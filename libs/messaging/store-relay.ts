import { type EventStore, type StoredEvent, type Subscription, subscribe } from '../eventstore';
import type { Pool } from '../postgres';
import { instruments, type Logger } from '../telemetry';
import { type CloudEvent, messageHeaders } from './envelope';
import type { BrokerMessage, KafkaPort } from './kafka-port';

export interface StoreRelayOptions {
  /** Of its checkpoint. */
  name: string;
  store: EventStore;
  /** Where the checkpoint is kept. */
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  /** What others hear of an event. The same event must give the same ids: receivers know a repetition by them. */
  toMessages(event: StoredEvent): Promise<{ topic: string; event: CloudEvent }[]>;
}

/**
 * Publishes straight from a store that cannot take part in a transaction with an outbox: at least once, in the store's order. A message
 * that the broker refuses for good holds up all that follow, and the lag of `name` grows: it is for a person.
 */
export const startStoreRelay = ({
  kafka,
  toMessages,
  ...options
}: StoreRelayOptions): Promise<Subscription> =>
  subscribe({
    ...options,
    async onEvents(events) {
      const messages: BrokerMessage[] = [];
      for (const stored of events)
        for (const { topic, event } of await toMessages(stored)) messages.push(toBrokerMessage(topic, event));
      if (messages.length > 0) await kafka.publish(messages);
      instruments().messagesPublished.add(messages.length);
    },
  });

const toBrokerMessage = (topic: string, event: CloudEvent): BrokerMessage => ({
  topic,
  key: event.subject,
  value: JSON.stringify(event),
  headers: messageHeaders(event),
});
