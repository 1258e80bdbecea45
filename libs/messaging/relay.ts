import { listen, type Pool, withTransaction } from '../postgres';
import { instruments, type Logger } from '../telemetry';
import type { CloudEvent } from './envelope';
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
  event: CloudEvent;
}

/** One relay works at a time, across all instances on this database; that is what keeps the order per key. */
const RELAY_LOCK = 7_204_118;

/**
 * Publishes what stands in the outbox, at least once, in order per key. Woken by NOTIFY, so usually within
 * milliseconds of the commit. While the broker is away it backs off and nothing is lost. A message the broker refuses
 * for good is marked (`refused`), and later ones of the same key wait behind it for a person.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { pool, logger, pollMs = 1000 } = options;
  let stopped = false;
  let wake: () => void = () => undefined;
  let woken = false;
  const notify = (): void => {
    woken = true;
    wake();
  };
  const sleep = async (ms: number): Promise<void> => {
    if (woken || stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  };
  const listener = await listen(pool, OUTBOX_CHANNEL, notify, logger);

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!stopped) {
      woken = false;
      try {
        while (!stopped && (await publishBatch(options)) > 0) failures = 0;
        await sleep(pollMs);
      } catch (error) {
        failures++;
        if (failures === 1 || failures % 20 === 0) {
          logger.warn({ err: error, failures }, 'events wait in the outbox, the relay tries again');
        }
        woken = false;
        await sleep(Math.min(5000, 100 * 2 ** failures));
      }
    }
  };
  const running = run();
  return {
    async stop() {
      stopped = true;
      wake();
      await running;
      await listener.stop();
    },
  };
}

/** @returns how many rows left the queue; 0 when there is nothing to do or another instance is at it. */
async function publishBatch({ pool, kafka, logger, batchSize = 500 }: RelayOptions): Promise<number> {
  return withTransaction(pool, async (client) => {
    const lock = await client.query('select pg_try_advisory_xact_lock($1) as mine', [RELAY_LOCK]);
    if (!lock.rows[0].mine) return 0;
    // Reads without locking rows: this transaction gets no id before it deletes, so that a slow broker does not hold
    // back the readers of the event store.
    const { rows } = await client.query<Row>({
      name: 'outbox-batch',
      text: `select id, topic, key, event from outbox o
             where refused is null and not exists (
               select 1 from outbox r where r.refused is not null and r.topic = o.topic and r.key = o.key and r.id < o.id)
             order by id limit $1`,
      values: [batchSize],
    });
    if (rows.length === 0) return 0;
    let published = rows;
    try {
      await kafka.publish(rows.map(toMessage));
    } catch (error) {
      if (!(error instanceof MessageRefused)) throw error;
      published = await publishOneByOne(rows);
    }
    await client.query('delete from outbox where id = any($1::bigint[])', [published.map((row) => row.id)]);
    instruments().messagesPublished.add(published.length);
    return rows.length;

    async function publishOneByOne(batch: Row[]): Promise<Row[]> {
      const done: Row[] = [];
      const blocked = new Set<string>();
      for (const row of batch) {
        const place = `${row.topic} ${row.key}`;
        if (blocked.has(place)) continue;
        try {
          await kafka.publish([toMessage(row)]);
          done.push(row);
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
  });
}

function toMessage({ topic, key, event }: Row): BrokerMessage {
  return {
    topic,
    key,
    value: JSON.stringify(event),
    headers: {
      'content-type': 'application/cloudevents+json',
      'ce-type': event.type,
      ...(event.traceparent && { traceparent: event.traceparent }),
    },
  };
}
