import { listen, type Pool, type PoolClient, withTransaction } from '../postgres';
import { startWorkLoop } from '../resilience';
import { instruments, type Logger } from '../telemetry';
import { messageHeaders } from './envelope';
import { type BrokerMessage, type KafkaPort, MessageRefused } from './kafka-port';
import { OUTBOX_CHANNEL } from './outbox';

export interface RelayOptions {
  pool: Pool;
  kafka: KafkaPort;
  logger: Logger;
  /** Looks for work this often even without a notification; 1000 ms unless told. */
  pollMs?: number;
  batchSize?: number;
}

export interface Relay {
  stop(): Promise<void>;
}

interface Row {
  id: number;
  topic: string;
  key: string;
  /** JSON, as it will lie on the broker. */
  event: string;
  type: string;
  traceparent: string | null;
}

/** One relay works at a time, across all instances on this database; that is what keeps the order per key. */
const RELAY_LOCK = 7_204_118;

/**
 * Publishes what stands in the outbox, at least once, in order per key. Woken by NOTIFY, so usually within
 * milliseconds of the commit. While the broker is away it backs off and nothing is lost. A message the broker refuses
 * for good is marked (`refused`), and later ones of the same key wait behind it for a person.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { pool, logger, pollMs } = options;
  const loop = startWorkLoop({
    ...{ logger, pollMs, waiting: 'events wait in the outbox' },
    step: () => publishSome(options),
  });
  const listener = await listen(pool, OUTBOX_CHANNEL, loop.wake, logger);
  return {
    async stop() {
      await listener.stop();
      await loop.stop();
    },
  };
}

/** Batches of one transaction: the next is read while one is published. A crash repeats at most these. */
const BATCHES = 4;

/** @returns false when there is nothing to do or another instance is at it. */
async function publishSome({ pool, kafka, logger, batchSize = 1000 }: RelayOptions): Promise<boolean> {
  return withTransaction(pool, async (client) => {
    const lock = await client.query('select pg_try_advisory_xact_lock($1) as mine', [RELAY_LOCK]);
    if (!lock.rows[0].mine) return false;
    // Reads without locking rows: this transaction gets no id before it deletes, so that a slow broker does not hold
    // back the readers of the event store.
    const published: number[] = [];
    let rows = await read(client, 0, batchSize);
    if (rows.length === 0) return false;
    for (let left = BATCHES - 1; rows.length > 0; left--) {
      const more = left > 0 && rows.length === batchSize;
      const reading = more ? read(client, rows.at(-1)?.id ?? 0, batchSize) : Promise.resolve([]);
      const [sent, next] = await Promise.allSettled([kafka.publish(rows.map(toMessage)), reading]);
      if (next.status === 'rejected') throw next.reason;
      if (sent.status === 'rejected') {
        if (!(sent.reason instanceof MessageRefused)) throw sent.reason;
        published.push(...(await publishOneByOne(client, kafka, logger, rows)));
        break;
      }
      published.push(...rows.map((row) => row.id));
      rows = next.value;
    }
    await client.query('delete from outbox where id = any($1::bigint[])', [published]);
    instruments().messagesPublished.add(published.length);
    return true;
  });
}

async function read(client: PoolClient, after: number, limit: number): Promise<Row[]> {
  const { rows } = await client.query<Row>({
    name: 'outbox-batch',
    text: `select id, topic, key, event::text, event->>'type' as type, event->>'traceparent' as traceparent
           from outbox o
           where id > $1 and refused is null and not exists (
             select 1 from outbox r where r.refused is not null and r.topic = o.topic and r.key = o.key and r.id < o.id)
           order by id limit $2`,
    values: [after, limit],
  });
  return rows;
}

/** Marks what the broker refuses, and leaves what comes after it under the same key. @returns what was published. */
async function publishOneByOne(
  client: PoolClient,
  kafka: KafkaPort,
  logger: Logger,
  batch: Row[],
): Promise<number[]> {
  const done: number[] = [];
  const blocked = new Set<string>();
  for (const row of batch) {
    const place = `${row.topic} ${row.key}`;
    if (blocked.has(place)) continue;
    try {
      await kafka.publish([toMessage(row)]);
      done.push(row.id);
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      blocked.add(place);
      await client.query('update outbox set refused = $2 where id = $1', [row.id, error.message]);
      logger.error(
        { err: error, outboxId: row.id, topic: row.topic },
        'the broker refuses an event for good',
      );
    }
  }
  return done;
}

const toMessage = ({ topic, key, event, ...about }: Row): BrokerMessage => ({
  topic,
  key,
  value: event,
  headers: messageHeaders(about),
});
