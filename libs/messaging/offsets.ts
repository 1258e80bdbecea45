import type { TopicPartitionOffsetAndMetadata } from 'kafkajs';

/** At most once in this time: each by itself would be one more request to the broker for every batch. */
const PAUSE_MS = 1000;

interface Offsets {
  /** All of the partition up to this message is done. */
  done(topic: string, partition: number, offset: string): void;
  /** Sends what is not sent yet. @throws what `commit` throws; it is then as if it had not been done. */
  flush(): Promise<void>;
  /** Partitions may be somebody else's now. */
  forget(): void;
}

/**
 * Says how far a group has come a little later than it is done. Whoever dies in between is given those messages again, as after any
 * death between work and commit: receivers know them by their inbox.
 */
export const createOffsets = (
  commit: (offsets: TopicPartitionOffsetAndMetadata[]) => Promise<void>,
): Offsets => {
  const unsent = new Map<string, TopicPartitionOffsetAndMetadata>();
  let timer: NodeJS.Timeout | undefined;
  const forget = () => {
    clearTimeout(timer);
    timer = undefined;
    unsent.clear();
  };
  const flush = async () => {
    const offsets = [...unsent.values()];
    forget();
    if (offsets.length > 0) await commit(offsets);
  };
  return {
    done(topic, partition, offset) {
      unsent.set(`${topic} ${partition}`, { topic, partition, offset: (BigInt(offset) + 1n).toString() });
      // A group that is being shared out anew takes none; the next one says it too.
      timer ??= setTimeout(() => void flush().catch(() => undefined), PAUSE_MS);
    },
    flush,
    forget,
  };
};
