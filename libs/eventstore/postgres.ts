import { type Kysely, sql } from 'kysely';
import {
  isUniqueViolation,
  listen,
  type Pool,
  type PoolClient,
  type Queryable,
  withTransaction,
} from '../postgres';
import type { Logger } from '../telemetry';
import {
  ConcurrencyConflict,
  type ExpectedVersion,
  type NewEvent,
  type StoredEvent,
  type Streams,
  type TransactionalEventStore,
} from './store';

/**
 * To be listed among a service's migrations.
 *
 * `transaction_id` orders readers: sequence numbers are given out before commit, so a reader that goes by them alone
 * would skip an event whose transaction commits late. After a restore into a new server, whose transaction counter
 * starts again, run `update events set transaction_id = '0'` once, before anything is written.
 */
export const eventStoreMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table events (
        transaction_id xid8 not null default pg_current_xact_id(),
        position bigint generated always as identity primary key,
        stream text not null,
        version integer not null check (version > 0),
        type text not null,
        data jsonb not null,
        metadata jsonb not null default '{}',
        recorded_at timestamptz not null default now(),
        constraint events_stream_version unique (stream, version)
      )`.execute(db);
    await sql`create index events_in_order on events (transaction_id, position)`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`drop table events`.execute(db);
  },
};

/**
 * Events are added and never change: what is new is vacuumed, frozen and counted in small steps. Otherwise the first
 * vacuum comes after years, over the whole table, because transaction ids run out. To be listed after the one above.
 */
export const eventStoreUpkeepMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table events set (
        autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_freeze_min_age = 0,
        autovacuum_analyze_scale_factor = 0.01
      )`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`
      alter table events reset (
        autovacuum_vacuum_insert_scale_factor, autovacuum_freeze_min_age, autovacuum_analyze_scale_factor
      )`.execute(db);
  },
};

/**
 * Replaces members of the data of a stream's events, where they have them: the one exception to 'append only', for what
 * the law says must go.
 */
export async function redactEvents(
  client: PoolClient,
  stream: string,
  values: Record<string, unknown>,
): Promise<void> {
  await client.query({
    name: 'redact-events',
    text: `update events set data = data || (
             select jsonb_object_agg(key, value) from jsonb_each($2::jsonb) where data ? key)
           where stream = $1 and data ?| array(select jsonb_object_keys($2::jsonb))`,
    values: [stream, JSON.stringify(values)],
  });
}

interface Row {
  transaction_id: string;
  position: number;
  stream: string;
  version: number;
  type: string;
  data: unknown;
  metadata: Record<string, unknown>;
  recorded_at: Date;
}

/** Notified at commit of every append. */
const EVENTS_CHANNEL = 'events';

export function createPostgresEventStore(pool: Pool, logger?: Logger): TransactionalEventStore {
  const { readStream } = streamsOf(pool);
  return {
    within: streamsOf,
    readStream,
    append: (stream, events, expectedVersion) =>
      withTransaction(pool, (client) => streamsOf(client).append(stream, events, expectedVersion)),
    async readAll(after, limit) {
      const [transaction = '0', position = '0'] = after.split(':');
      const { rows } = await pool.query<Row>({
        name: 'events-in-order',
        text: `select * from events
               where (transaction_id, position) > ($1::xid8, $2::bigint)
                 and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
               order by transaction_id, position limit $3`,
        values: [transaction, position, limit],
      });
      return rows.map((row) => ({
        ...toEvent(row),
        position: `${row.transaction_id}:${row.position}`,
      }));
    },
    watch: (notify) => listen(pool, EVENTS_CHANNEL, notify, logger),
  };
}

function streamsOf(db: Queryable): Streams {
  return {
    async append(stream, events, expectedVersion) {
      if (events.length === 0) {
        return expectedVersion === 'any' ? currentVersion(db, stream) : expectedVersion;
      }
      try {
        const { rows } = await insert(db, stream, events, expectedVersion);
        const last = rows.at(-1)?.version;
        if (last === undefined) throw new ConcurrencyConflict(stream, expectedVersion);
        return last;
      } catch (error) {
        if (isUniqueViolation(error, 'events_stream_version')) {
          throw new ConcurrencyConflict(stream, expectedVersion);
        }
        throw error;
      }
    },
    async readStream(stream, fromVersion = 1) {
      const { rows } = await db.query<Row>({
        name: 'events-of-stream',
        text: 'select * from events where stream = $1 and version >= $2 order by version',
        values: [stream, fromVersion],
      });
      return rows.map(toEvent);
    },
  };
}

/** Inserts nothing when the stream is not where it is expected; a race on the same version hits the constraint. */
function insert(db: Queryable, stream: string, events: NewEvent[], expected: ExpectedVersion) {
  return db.query<{ version: number }>({
    name: 'append-events',
    text: `with head as (select coalesce(max(version), 0) as version from events where stream = $1),
           added as (
             insert into events (stream, version, type, data, metadata)
             select $1, head.version + new.ordinal, new.event->>'type', new.event->'data', new.event->'metadata'
             from head, jsonb_array_elements($2::jsonb) with ordinality as new(event, ordinal)
             where $3::int is null or head.version = $3::int
             order by new.ordinal
             returning version)
           select version, pg_notify('${EVENTS_CHANNEL}', '') from added order by version`,
    values: [
      stream,
      JSON.stringify(events.map(({ type, data, metadata }) => ({ type, data, metadata: metadata ?? {} }))),
      expected === 'any' ? null : expected,
    ],
  });
}

async function currentVersion(db: Queryable, stream: string): Promise<number> {
  const { rows } = await db.query(
    'select coalesce(max(version), 0)::int as version from events where stream = $1',
    [stream],
  );
  return rows[0].version;
}

function toEvent(row: Row): StoredEvent {
  return {
    stream: row.stream,
    version: row.version,
    type: row.type,
    data: row.data,
    metadata: row.metadata,
    recordedAt: row.recorded_at,
  };
}
