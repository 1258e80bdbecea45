/** A message as it lies on the broker. Header values are text. */
export interface BrokerMessage {
  topic: string;
  key: string | null;
  value: Buffer | string | null;
  headers?: Record<string, string>;
}

export interface ReceivedMessage extends BrokerMessage {
  value: Buffer | null;
  headers: Record<string, string>;
  partition: number;
  offset: string;
}

interface Patience {
  /** To be called now and then by a handler that waits, or the group takes the partition away. */
  heartbeat(): Promise<void>;
  /** True once the subscription is being stopped: give up waiting and throw. */
  stopping(): boolean;
}

export interface Delivery extends Patience {
  message: ReceivedMessage;
}

export interface Deliveries extends Patience {
  /** Of one partition, in order; one at least. */
  messages: ReceivedMessage[];
}

export interface Subscription {
  /** Waits for the message in hand, commits, leaves the group. */
  stop(): Promise<void>;
  /** True while the group has this member and it is fetching. */
  joined(): boolean;
}

export type SubscribeOptions = {
  groupId: string;
  topics: string[];
  /** Messages may be taken up this many ms late, those of that time together; at once unless told. */
  withinMs?: number;
} & (
  | {
      /** The offset is committed within a second after it returned; when it throws the message comes again. */
      onMessage(delivery: Delivery): Promise<void>;
    }
  | {
      /** As many as have come, up to `batchSize`; when it throws all of them come again. */
      onMessages(deliveries: Deliveries): Promise<void>;
      batchSize: number;
    }
);

export interface ReadOptions {
  /** Used for this once. */
  groupId: string;
  topic: string;
  onMessage(message: ReceivedMessage): Promise<void>;
}

/** All the platform asks of a broker. One adapter today (kafkajs), replaceable because it is quiet upstream. */
export interface KafkaPort {
  /** Resolves when all in-sync replicas have the messages; order is kept per key. @throws BrokerUnavailable */
  publish(messages: BrokerMessage[]): Promise<void>;
  /** Starts from the oldest message where the group has no offset. Keeps trying while the broker is away. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /**
   * Hands over what a topic holds at this moment, in order per partition, and leaves no trace in it: no offset is kept.
   * A topic that does not exist is empty. Ends with what `onMessage` throws. @throws BrokerUnavailable
   */
  readToEnd(options: ReadOptions): Promise<void>;
  /** Asks the broker, now. @throws BrokerUnavailable */
  check(): Promise<void>;
  /** Creates topics that do not exist. */
  ensureTopics(topics: string[], options?: { partitions?: number; replicas?: number }): Promise<void>;
  close(): Promise<void>;
}

export class BrokerUnavailable extends Error {
  readonly code = 'BROKER_UNAVAILABLE';
  readonly retriable = true;
  constructor(cause: unknown) {
    super(`The message broker does not answer: ${(cause as Error)?.message ?? cause}`, { cause });
    this.name = 'BrokerUnavailable';
  }
}

/** The broker will never take this message (too large, invalid record). */
export class MessageRefused extends Error {
  readonly code = 'MESSAGE_REFUSED';
  readonly retriable = false;
  constructor(cause: unknown) {
    super(`The broker refuses the message: ${(cause as Error)?.message ?? cause}`, { cause });
    this.name = 'MessageRefused';
  }
}
