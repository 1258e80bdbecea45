import type { Kafka, KafkaMessage } from 'kafkajs';
import { BrokerUnavailable, type ReadOptions, type ReceivedMessage } from './kafka-port';

const QUIET_MS = 60_000;

export const received = (topic: string, partition: number, message: KafkaMessage): ReceivedMessage => ({
  topic,
  partition,
  offset: message.offset,
  key: message.key?.toString() ?? null,
  value: message.value,
  headers: Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value ?? '')]),
  ),
});

/** By partition: the offset after its last message. Empty partitions are left out. */
async function endsOf(kafka: Kafka, topic: string): Promise<Map<number, bigint>> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    if (!(await admin.listTopics()).includes(topic)) return new Map();
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(
      offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
  } catch (error) {
    throw new BrokerUnavailable(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** See KafkaPort. */
export async function readToEnd(kafka: Kafka, { groupId, topic, onMessage }: ReadOptions): Promise<void> {
  const ends = await endsOf(kafka, topic);
  if (ends.size === 0) return;
  const consumer = kafka.consumer({ groupId, retry: { retries: 5 } });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const quiet = setTimeout(
        () => reject(new BrokerUnavailable(new Error('nothing came for a minute'))),
        QUIET_MS,
      );
      const settle = (end: () => void) => {
        clearTimeout(quiet);
        end();
      };
      consumer.on(consumer.events.CRASH, ({ payload }) =>
        settle(() => reject(new BrokerUnavailable(payload.error))),
      );
      consumer
        .run({
          autoCommit: false,
          async eachBatch({ batch, heartbeat }) {
            const end = ends.get(batch.partition);
            if (end === undefined) return;
            try {
              for (const message of batch.messages) {
                if (BigInt(message.offset) >= end) break;
                await onMessage(received(topic, batch.partition, message));
                quiet.refresh();
                await heartbeat();
              }
            } catch (error) {
              ends.clear();
              return settle(() => reject(error));
            }
            if (BigInt(batch.lastOffset()) + 1n >= end) ends.delete(batch.partition);
            if (ends.size === 0) settle(resolve);
          },
        })
        .catch((error) => settle(() => reject(new BrokerUnavailable(error))));
    });
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}
