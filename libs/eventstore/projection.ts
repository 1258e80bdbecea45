import { type Pool, type PoolClient, together, withTransaction } from '../postgres';
import type { Logger } from '../telemetry';
import { type EventStore, type Position, type PositionedEvent, START, type StoredEvent } from './store';
import { follow, readCheckpoint, type Subscription, saveCheckpoint, takeTurn } from './subscription';

/** A type of event with its data. */
interface Fact {
  type: string;
  data: unknown;
}

type Handlers<Row, E extends Fact> = {
  [T in E['type']]?: (
    row: Row | undefined,
    event: StoredEvent<T, Extract<E, { type: T }>['data']>,
  ) => Row | undefined;
};

/** Where the rows of a projection are kept. All of it happens in the transaction of `client`. */
export interface ProjectionTable<Row> {
  load(client: PoolClient, keys: string[]): Promise<ReadonlyMap<string, Row>>;
  /** Rows by key; one that is undefined is removed. */
  save(client: PoolClient, rows: ReadonlyMap<string, Row | undefined>): Promise<void>;
  /** Removes all, without keeping readers out (no truncate). */
  clear(client: PoolClient): Promise<void>;
}

/** A read model made of events and nothing else, so that it can be made again. */
export interface Projection<Row, E extends Fact = Fact> {
  /** Unique in the service; its checkpoint has this name too. */
  name: string;
  /** Raised when rows are to say something else: they are then made anew by the first instance that runs it. */
  version: number;
  /** The key of the row an event is about. */
  keyOf(event: StoredEvent): string;
  /** What an event makes of its row: a new one, or none. Pure. Types that are not listed change nothing. */
  handlers: Handlers<Row, E>;
}

/** The rows that `events` change, as they are afterwards. */
export function project<Row, E extends Fact>(
  { keyOf, handlers }: Pick<Projection<Row, E>, 'keyOf' | 'handlers'>,
  rows: ReadonlyMap<string, Row>,
  events: readonly StoredEvent[],
): Map<string, Row | undefined> {
  const changed = new Map<string, Row | undefined>();
  for (const event of events) {
    if (!Object.hasOwn(handlers, event.type)) continue;
    const handler = (handlers as Handlers<Row, Fact>)[event.type];
    const key = keyOf(event);
    const before = changed.has(key) ? changed.get(key) : rows.get(key);
    changed.set(key, handler?.(before, event));
  }
  return changed;
}

const BATCH_SIZE = 500;

export interface ProjectionOptions<Row, E extends Fact> {
  projection: Projection<Row, E>;
  table: ProjectionTable<Row>;
  store: EventStore;
  pool: Pool;
  logger: Logger;
  batchSize?: number;
  pollMs?: number;
  /** Takes up events no more often than this, in ms; at once unless told. */
  restMs?: number;
}

export interface RunningProjection {
  readonly name: string;
  /** Keeps the rows up to date, on one instance at a time. */
  start(): Promise<Subscription>;
  /**
   * Makes all rows anew, in one transaction: readers see the old ones until it ends. @returns how many events were read.
   */
  rebuild(): Promise<number>;
}

export function createProjection<Row, E extends Fact>(options: ProjectionOptions<Row, E>): RunningProjection {
  const { projection, store, pool, logger, pollMs, restMs } = options;
  const { name } = projection;
  return {
    name,
    start: () =>
      follow({
        ...{ name, store, pool, logger, pollMs, restMs },
        step: () => withTransaction(pool, (client) => advance(options, client)),
      }),
    rebuild: () =>
      withTransaction(pool, async (client) => {
        await takeTurn(client, name, true);
        return rebuild(options, client);
      }),
  };
}

async function advance<Row, E extends Fact>(
  options: ProjectionOptions<Row, E>,
  client: PoolClient,
): Promise<boolean> {
  const { name, version } = options.projection;
  const { batchSize = BATCH_SIZE } = options;
  const [mine, checkpoint] = await together(takeTurn(client, name), readCheckpoint(client, name));
  if (!mine) return false;
  // Newer code is at it, in the other colour of a release: it would be undone here.
  if (checkpoint && checkpoint.version > version) return false;
  if (checkpoint && checkpoint.version < version) {
    const events = await rebuild(options, client);
    options.logger.info({ projection: name, version, events }, 'a projection was made anew');
    return true;
  }
  const events = await applyNext(options, client, checkpoint?.position ?? START);
  const last = events.at(-1);
  if (last) await saveCheckpoint(client, name, { version, position: last.position });
  return events.length === batchSize;
}

async function rebuild<Row, E extends Fact>(
  options: ProjectionOptions<Row, E>,
  client: PoolClient,
): Promise<number> {
  const { name, version } = options.projection;
  await options.table.clear(client);
  let position: Position = START;
  let count = 0;
  // Comes to an end: what is appended meanwhile is not shown before this transaction is over.
  for (;;) {
    const events = await applyNext(options, client, position);
    const last = events.at(-1);
    if (!last) break;
    position = last.position;
    count += events.length;
  }
  await saveCheckpoint(client, name, { version, position });
  return count;
}

/** @returns the events that were applied. */
async function applyNext<Row, E extends Fact>(
  { projection, table, store, batchSize = BATCH_SIZE }: ProjectionOptions<Row, E>,
  client: PoolClient,
  position: Position,
): Promise<PositionedEvent[]> {
  const events = await store.readAll(position, batchSize);
  const ours = events.filter(({ type }) => Object.hasOwn(projection.handlers, type));
  if (ours.length > 0) {
    const rows = await table.load(client, [...new Set(ours.map(projection.keyOf))]);
    await table.save(client, project(projection, rows, ours));
  }
  return events;
}
