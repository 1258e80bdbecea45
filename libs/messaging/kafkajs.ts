import {
  type Admin,
  type Consumer,
  type EachBatchPayload,
  Kafka,
  type KafkaConfig,
  logLevel,
  Partitioners,
  type Producer,
} from 'kafkajs';
import type { Logger } from '../telemetry';
import {
  type BrokerMessage,
  BrokerUnavailable,
  type Deliveries,
  type KafkaPort,
  MessageRefused,
  type ReceivedMessage,
  type SubscribeOptions,
  type Subscription,
} from './kafka-port';
import { readToEnd, received } from './kafkajs-reader';
import { createOffsets } from './offsets';
import './quiet-queue';

export interface KafkaOptions {
  /** 'host:port' each. */
  brokers: string[];
  clientId: string;
  logger: Logger;
  /** Encrypted with TLS 1.3. Unset: plain text, for a broker on the same machine or behind a mesh. */
  tls?: {
    /** Authorities to trust, PEM; the system's unless told. */
    ca?: string;
    /** SCRAM-SHA-512. Only here, because a password never goes unencrypted. */
    login?: { username: string; password: string };
  };
}

const secured = (tls: KafkaOptions['tls']): Pick<KafkaConfig, 'ssl' | 'sasl'> => ({
  ...(tls && { ssl: { minVersion: 'TLSv1.3', ...(tls.ca && { ca: [tls.ca] }) } }),
  ...(tls?.login && { sasl: { mechanism: 'scram-sha-512', ...tls.login } }),
});

/** Waits for no more than this. */
const MANY_BYTES = 262_144;
const REFUSALS = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'CORRUPT_MESSAGE']);
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function createKafka({ brokers, clientId, logger, tls }: KafkaOptions): KafkaPort {
  const settings: KafkaConfig = {
    brokers,
    clientId,
    ...secured(tls),
    connectionTimeout: 2000,
    requestTimeout: 10_000,
    logLevel: logLevel.ERROR,
    // Its own errors are repeated by ours with a reason; keep them for whoever debugs.
    logCreator: () => (entry) =>
      logger.debug({ kafka: entry.log.message, error: entry.log.error }, 'kafkajs'),
  };
  const kafka = new Kafka({ ...settings, retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 4 } });
  const impatient = new Kafka({ ...settings, requestTimeout: 2000, retry: { retries: 0 } });
  const producer = reconnecting<Producer>(() =>
    // One request in flight keeps the order per key through kafkajs' own retries.
    kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
      metadataMaxAge: 60_000,
    }),
  );
  const admin = reconnecting<Admin>(() => impatient.admin());
  const subscriptions = new Set<Subscription>();

  return {
    async publish(messages) {
      try {
        await producer.use((connected) =>
          connected.sendBatch({ acks: -1, topicMessages: byTopic(messages) }),
        );
      } catch (error) {
        throw isRefusal(error) ? new MessageRefused(error) : new BrokerUnavailable(error);
      }
    },
    async subscribe(options) {
      const subscription = startSubscription(kafka, options, logger);
      subscriptions.add(subscription);
      return subscription;
    },
    readToEnd: (options) => readToEnd(kafka, options),
    async check() {
      try {
        await admin.use((connected) => connected.describeCluster());
      } catch (error) {
        throw new BrokerUnavailable(error);
      }
    },
    async ensureTopics(topics, { partitions = 3, replicas = 1 } = {}) {
      const connected = kafka.admin();
      try {
        await connected.connect();
        const existing = new Set(await connected.listTopics());
        const missing = topics.filter((topic) => !existing.has(topic));
        if (missing.length === 0) return;
        await connected.createTopics({
          waitForLeaders: true,
          topics: missing.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: replicas })),
        });
      } catch (error) {
        throw new BrokerUnavailable(error);
      } finally {
        await connected.disconnect().catch(() => undefined);
      }
    },
    async close() {
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await Promise.all([producer.close(), admin.close()]);
    },
  };
}

function byTopic(messages: BrokerMessage[]) {
  const topics = new Map<
    string,
    { key: string | null; value: Buffer | string | null; headers?: Record<string, string> }[]
  >();
  for (const { topic, key, value, headers } of messages) {
    const list = topics.get(topic);
    if (list) list.push({ key, value, headers });
    else topics.set(topic, [{ key, value, headers }]);
  }
  return [...topics].map(([topic, list]) => ({ topic, messages: list }));
}

function isRefusal(error: unknown): boolean {
  const { type, cause } = (error ?? {}) as { type?: string; cause?: unknown };
  return (type !== undefined && REFUSALS.has(type)) || (cause !== undefined && isRefusal(cause));
}

/** Connects at first use; after a failure the client is thrown away, since kafkajs does not always recover one. */
function reconnecting<C extends { connect(): Promise<void>; disconnect(): Promise<void> }>(create: () => C) {
  let connection: Promise<C> | undefined;
  const open = async (): Promise<C> => {
    const client = create();
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.disconnect().catch(() => undefined);
      throw error;
    }
  };
  return {
    async use<T>(work: (client: C) => Promise<T>): Promise<T> {
      connection ??= open();
      const mine = connection;
      try {
        return await work(await mine);
      } catch (error) {
        if (connection === mine) connection = undefined;
        mine.then((client) => client.disconnect()).catch(() => undefined);
        throw error;
      }
    },
    async close(): Promise<void> {
      const mine = connection;
      connection = undefined;
      await mine?.then((client) => client.disconnect()).catch(() => undefined);
    },
  };
}

function startSubscription(kafka: Kafka, options: SubscribeOptions, logger: Logger): Subscription {
  let stopping = false;
  let joined = false;
  let consumer: Consumer | undefined;
  const offsets = createOffsets(async (all) => consumer?.commitOffsets(all));
  const { onMessages, batchSize } = inBatches(options);

  /** Lives until the consumer crashes for good or is stopped. */
  const runOnce = async (): Promise<void> => {
    const current = kafka.consumer({
      groupId: options.groupId,
      // A member that died silently is waited for this long before the others go on.
      sessionTimeout: 10_000,
      heartbeatInterval: 2000,
      rebalanceTimeout: 10_000,
      // Topics and partitions that are added later are seen within this time.
      metadataMaxAge: 15_000,
      // The broker answers when it has that much, or after that time.
      ...(options.withinMs === undefined
        ? { maxWaitTimeInMs: 1000 }
        : { maxWaitTimeInMs: options.withinMs, minBytes: MANY_BYTES }),
      retry: { initialRetryTime: 100, maxRetryTime: 2000, retries: 5, restartOnFailure: async () => false },
    });
    consumer = current;
    const ended = new Promise<void>((resolve) => {
      current.on(current.events.CRASH, ({ payload }) => {
        logger.warn({ err: payload.error, groupId: options.groupId }, 'the consumer crashed');
        resolve();
      });
      current.on(current.events.STOP, () => resolve());
    });
    current.on(current.events.GROUP_JOIN, () => {
      joined = true;
    });
    current.on(current.events.REBALANCING, () => {
      joined = false;
      offsets.forget();
    });
    await current.connect();
    await current.subscribe({ topics: options.topics, fromBeginning: true });
    await current.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 3,
      eachBatch: deliver,
    });
    await ended;
  };

  const deliver = async (payload: EachBatchPayload): Promise<void> => {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload;
    const { topic, partition } = batch;
    for (let next = 0; next < batch.messages.length; next += batchSize) {
      if (!isRunning() || isStale()) return;
      const messages = batch.messages
        .slice(next, next + batchSize)
        .map((message) => received(topic, partition, message));
      await onMessages({ messages, heartbeat, stopping: () => stopping });
      const { offset } = messages.at(-1) as ReceivedMessage;
      resolveOffset(offset);
      offsets.done(topic, partition, offset);
      if (stopping) await offsets.flush();
      await heartbeat();
    }
  };

  const live = async (): Promise<void> => {
    for (let failures = 0; !stopping; failures++) {
      const started = Date.now();
      await runOnce().catch((error) => {
        logger.warn({ err: error, groupId: options.groupId }, 'cannot consume yet');
      });
      joined = false;
      offsets.forget();
      await consumer?.disconnect().catch(() => undefined);
      if (Date.now() - started > 30_000) failures = 0;
      if (!stopping) await wait(Math.min(5000, 200 * 2 ** failures));
    }
  };

  const done = live();
  return {
    joined: () => joined,
    async stop() {
      stopping = true;
      await offsets.flush().catch(() => undefined);
      await consumer?.stop().catch(() => undefined);
      await consumer?.disconnect().catch(() => undefined);
      await done;
    },
  };
}

function inBatches(options: SubscribeOptions) {
  if ('onMessages' in options) return options;
  const { onMessage } = options;
  return {
    batchSize: 1,
    onMessages: ({ messages, ...patience }: Deliveries) =>
      onMessage({ message: messages[0] as ReceivedMessage, ...patience }),
  };
}
