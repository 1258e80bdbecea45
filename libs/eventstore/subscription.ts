import type { ObservableResult } from '@opentelemetry/api';
import { type Kysely, sql } from 'kysely';
import { type Pool, type PoolClient, together, withTransaction } from '../postgres';
import { startWorkLoop } from '../resilience';
import { type Logger, meter } from '../telemetry';
import { type EventStore, type Position, START, type StoredEvent } from './store';

/** How far each subscription has come; to be listed among a service's migrations. */
export const subscriptionMigration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table checkpoints (
        name text primary key,
        version integer not null,
        position text not null,
        updated_at timestamptz not null default now()
      )`.execute(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await sql`drop table checkpoints`.execute(db);
  },
};

export interface SubscriptionOptions {
  /** Its checkpoint has this name; unique in the service's database. */
  name: string;
  store: EventStore;
  /** Where the checkpoint is kept, whatever keeps the events. */
  pool: Pool;
  logger: Logger;
  /**
   * Is given every event, in order, in the transaction that also moves the checkpoint: what it writes through `client`
   * happens exactly once. When it throws, the same events come again; what it does elsewhere must bear that.
   */
  onEvents(events: StoredEvent[], client: PoolClient): Promise<void>;
  /** Events at a time; 500 unless told. */
  batchSize?: number;
  pollMs?: number;
  /** Takes up events no more often than this, in ms; at once unless told. */
  restMs?: number;
}

export interface Subscription {
  /** Finishes the events in hand. */
  stop(): Promise<void>;
}

export interface Checkpoint {
  version: number;
  position: Position;
}

/**
 * Catches up from its checkpoint, then follows the store. Of all instances on this database one works at a time; another
 * takes over where it stopped, also when it was killed.
 */
export const subscribe = (options: SubscriptionOptions): Promise<Subscription> =>
  follow({ ...options, step: () => advance(options) });

interface Following
  extends Pick<SubscriptionOptions, 'name' | 'store' | 'pool' | 'logger' | 'pollMs' | 'restMs'> {
  /** @returns whether more events wait. */
  step(): Promise<boolean>;
}

/** Events are told of when they are committed, and can be read once all that was begun before them has ended. */
const LATE_MS = 100;

/** Runs `step` whenever there may be new events; its lag is a metric. */
export async function follow(following: Following): Promise<Subscription> {
  const { name, store, pool, logger, pollMs, restMs, step } = following;
  const forget = watchLag(store, pool, name);
  const loop = startWorkLoop({
    ...{ logger, pollMs, lateMs: LATE_MS, restMs, step },
    waiting: `events wait for ${name}`,
  });
  const watching = await store.watch(loop.wake);
  return {
    async stop() {
      await watching.stop();
      await loop.stop();
      forget();
    },
  };
}

/** @returns whether more events wait; not when another instance is at it. */
const advance = ({ name, store, pool, onEvents, batchSize = 500 }: SubscriptionOptions): Promise<boolean> =>
  withTransaction(pool, async (client) => {
    const [mine, checkpoint] = await together(takeTurn(client, name), readCheckpoint(client, name));
    if (!mine) return false;
    const { version, position } = checkpoint ?? { version: 1, position: START };
    // Before anything is written: this transaction has no id yet, so it holds back no reader, however long `onEvents` takes
    // to its first statement.
    const events = await store.readAll(position, batchSize);
    const last = events.at(-1);
    if (!last) return false;
    await onEvents(events, client);
    await saveCheckpoint(client, name, { version, position: last.position });
    return events.length === batchSize;
  });

/** Ends with the transaction, so that a killed process cannot keep it. `wait` for another instance instead of giving up. */
export async function takeTurn(client: PoolClient, name: string, wait = false): Promise<boolean> {
  const lock = `pg_${wait ? '' : 'try_'}advisory_xact_lock(hashtextextended($1, 0))`;
  const { rows } = await client.query({
    name: wait ? 'wait-for-turn' : 'take-turn',
    text: `select ${lock} as mine`,
    values: [`subscription ${name}`],
  });
  return wait || rows[0].mine;
}

export async function readCheckpoint(
  db: Pick<PoolClient, 'query'>,
  name: string,
): Promise<Checkpoint | undefined> {
  const { rows } = await db.query<Checkpoint>({
    name: 'read-checkpoint',
    text: 'select version, position from checkpoints where name = $1',
    values: [name],
  });
  return rows[0];
}

export async function saveCheckpoint(
  client: PoolClient,
  name: string,
  { version, position }: Checkpoint,
): Promise<void> {
  await client.query({
    name: 'save-checkpoint',
    text: `insert into checkpoints (name, version, position) values ($1, $2, $3)
           on conflict (name) do update set version = $2, position = $3, updated_at = now()`,
    values: [name, version, position],
  });
}

/** Seconds since the oldest event happened that the subscription has not taken up; 0 when there is none. */
export async function lagOf(store: EventStore, pool: Pool, name: string, now: Date): Promise<number> {
  const { position } = (await readCheckpoint(pool, name)) ?? { position: START };
  const [next] = await store.readAll(position, 1);
  return next ? Math.max(0, (now.getTime() - next.recordedAt.getTime()) / 1000) : 0;
}

let lagGauge: ReturnType<ReturnType<typeof meter>['createObservableGauge']> | undefined;

/** Asked whenever metrics are read, so it also grows while the subscription is stuck. @returns what ends it. */
function watchLag(store: EventStore, pool: Pool, name: string): () => void {
  lagGauge ??= meter().createObservableGauge('subscription_lag_seconds', {
    description: 'Age of the oldest event a subscription has not taken up',
  });
  const gauge = lagGauge;
  const observe = async (result: ObservableResult) =>
    // A database that is away is told by its own metric.
    lagOf(store, pool, name, new Date()).then(
      (seconds) => result.observe(seconds, { subscription: name }),
      () => undefined,
    );
  gauge.addCallback(observe);
  return () => gauge.removeCallback(observe);
}
