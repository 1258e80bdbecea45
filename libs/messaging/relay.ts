import { listen, type Pool, type PoolClient, tryLock } from '../postgres';
import { startWorkLoop } from '../resilience';
import { instruments, type Logger } from '../telemetry';
import { messageHeaders } from './envelope';
import { type BrokerMessage, BrokerUnavailable, type KafkaPort, MessageRefused } from './kafka-port';
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

/**
 * Publishes what stands in the outbox, at least once, in order per key. Woken by NOTIFY, so usually within
 * milliseconds of the commit. While the broker is away it backs off and nothing is lost. A message the broker refuses
 * for good is marked (`refused`), and later ones of the same key wait behind it for a person.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { pool, logger, pollMs } = options;
  const turn = createTurn(pool);
  const loop = startWorkLoop({
    ...{ logger, pollMs, waiting: 'events wait in the outbox' },
    step: () => publishInTurn(turn, options),
  });
  const listener = await listen(pool, OUTBOX_CHANNEL, loop.wake, logger);
  return {
    async stop() {
      await listener.stop();
      await loop.stop();
      turn.giveUp();
    },
  };
}

/** One relay works at a time, across all instances on this database; that is what keeps the order per key. */
const RELAY_LOCK = 7_204_118;
/** A process that stands still keeps its turn no longer than this. Longer than the broker's client tries by itself. */
const STANDSTILL_MS = 60_000;

/**
 * A batch is the first of the outbox by its key. PostgreSQL's figures about a table that is empty most of the time tell it otherwise:
 * without these two it reads and sorts all that waits for each batch, and the longer the broker was away the longer each takes.
 */
const settings = `select set_config('idle_session_timeout', '${STANDSTILL_MS}', false),
  set_config('enable_bitmapscan', 'off', false), set_config('enable_sort', 'off', false)`;

interface Turn {
  /** The connection that holds the turn, for as long as it lives; undefined while it is another instance's. */
  take(): Promise<PoolClient | undefined>;
  giveUp(): void;
}

/** Held by the session, not by a transaction: nothing that is published keeps one open, and holds back readers or vacuum. */
function createTurn(pool: Pool): Turn {
  let mine: PoolClient | undefined;
  const giveUp = (): void => {
    // Ends the session, and with it the turn.
    mine?.release(true);
    mine = undefined;
  };
  return {
    async take() {
      if (mine) return mine;
      const client = await pool.connect();
      try {
        if (!(await tryLock(client, RELAY_LOCK))) {
          client.release();
          return undefined;
        }
        await client.query(settings);
      } catch (error) {
        client.release(true);
        throw error;
      }
      client.on('error', () => {
        if (mine === client) giveUp();
      });
      mine = client;
      return mine;
    },
    giveUp,
  };
}

async function publishInTurn(turn: Turn, options: RelayOptions): Promise<boolean> {
  const client = await turn.take();
  if (!client) return false;
  try {
    return await publishSome(client, options);
  } catch (error) {
    // Whatever is wrong with the connection, the next one may be better. The broker is the same for everybody.
    if (!(error instanceof BrokerUnavailable)) turn.giveUp();
    throw error;
  }
}

/** Batches of one step: the next is read while one is published. A crash repeats at most one. */
const BATCHES = 4;

/** @returns whether more waits. */
async function publishSome(
  client: PoolClient,
  { kafka, logger, batchSize = 1000 }: RelayOptions,
): Promise<boolean> {
  let rows = await read(client, 0, batchSize);
  for (let left = BATCHES; left > 0 && rows.length > 0; left--) {
    const more = rows.length === batchSize;
    const reading = more ? read(client, rows.at(-1)?.id ?? 0, batchSize) : Promise.resolve([]);
    const [sent, next] = await Promise.allSettled([kafka.publish(rows.map(toMessage)), reading]);
    if (next.status === 'rejected') throw next.reason;
    if (sent.status === 'rejected') {
      if (!(sent.reason instanceof MessageRefused)) throw sent.reason;
      await remove(client, await publishOneByOne(client, kafka, logger, rows));
      return true;
    }
    await remove(
      client,
      rows.map((row) => row.id),
    );
    rows = next.value;
  }
  return rows.length > 0;
}

async function remove(client: PoolClient, ids: number[]): Promise<void> {
  await client.query({
    name: 'outbox-done',
    text: 'delete from outbox where id = any($1::bigint[])',
    values: [ids],
  });
  instruments().messagesPublished.add(ids.length);
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
