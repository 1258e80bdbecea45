import { type Pool, type PoolClient, withTransaction } from '../postgres';
import type { Logger } from '../telemetry';
import { type EventStore, type Position, START, type StoredEvent } from './store';
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

export interface ProjectionOptions<Row, E extends Fact> {
  projection: Projection<Row, E>;
  table: ProjectionTable<Row>;
  store: EventStore;
  pool: Pool;
  logger: Logger;
  batchSize?: number;
  pollMs?: number;
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
  const { projection, store, pool, logger, pollMs } = options;
  const { name } = projection;
  return {
    name,
    start: () =>
      follow({
        ...{ name, store, pool, logger, pollMs },
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
  if (!(await takeTurn(client, name))) return false;
  const checkpoint = await readCheckpoint(client, name);
  // Newer code is at it, in the other colour of a release: it would be undone here.
  if (checkpoint && checkpoint.version > version) return false;
  if (checkpoint && checkpoint.version < version) {
    const events = await rebuild(options, client);
    options.logger.info({ projection: name, version, events }, 'a projection was made anew');
    return true;
  }
  const position = await applyNext(options, client, checkpoint?.position ?? START);
  if (position === undefined) return false;
  await saveCheckpoint(client, name, { version, position });
  return true;
}

async function rebuild<Row, E extends Fact>(
  options: ProjectionOptions<Row, E>,
  client: PoolClient,
): Promise<number> {
  const { name, version } = options.projection;
  await options.table.clear(client);
  let position: Position = START;
  let events = 0;
  // Comes to an end: what is appended meanwhile is not shown before this transaction is over.
  for (;;) {
    const next = await applyNext(options, client, position, (count) => {
      events += count;
    });
    if (next === undefined) break;
    position = next;
  }
  await saveCheckpoint(client, name, { version, position });
  return events;
}

/** @returns the position of the last event applied; undefined when there was none. */
async function applyNext<Row, E extends Fact>(
  { projection, table, store, batchSize = 500 }: ProjectionOptions<Row, E>,
  client: PoolClient,
  position: Position,
  count: (events: number) => void = () => undefined,
): Promise<Position | undefined> {
  const events = await store.readAll(position, batchSize);
  const ours = events.filter(({ type }) => Object.hasOwn(projection.handlers, type));
  if (ours.length > 0) {
    const rows = await table.load(client, [...new Set(ours.map(projection.keyOf))]);
    await table.save(client, project(projection, rows, ours));
  }
  count(events.length);
  return events.at(-1)?.position;
}
