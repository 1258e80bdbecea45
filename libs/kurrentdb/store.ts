import {
  ANY,
  BACKWARDS,
  START as BEGINNING,
  DeadlineExceededError,
  END,
  excludeSystemEvents,
  jsonEvent,
  KurrentDBClient,
  NO_STREAM,
  type RecordedEvent,
  StreamNotFoundError,
  UnavailableError,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';
import {
  ConcurrencyConflict,
  type EventStore,
  type ExpectedVersion,
  type NewEvent,
  type Position,
  type PositionedEvent,
  START,
  type StoredEvent,
} from '../eventstore';
import type { Logger } from '../telemetry';

export interface KurrentOptions {
  /** `kurrentdb://user:password@host:2113?tls=true`, or `kurrentdb+discover://` for a cluster. */
  url: string;
  /** Authority its certificate comes from, PEM; the system's unless told. */
  caFile?: string;
  logger: Logger;
}

export interface KurrentEventStore extends EventStore {
  close(): Promise<void>;
}

/** The store does not answer. What was to be appended may have been: append it again with the same expected version. */
export class EventStoreUnavailable extends Error {
  readonly code = 'EVENT_STORE_UNAVAILABLE';
  readonly retriable = true;
  readonly hint = 'See whether KurrentDB runs and whether its address and authority are right.';
  constructor(cause: unknown) {
    super(`The event store does not answer: ${(cause as Error).message}`, { cause });
    this.name = 'EventStoreUnavailable';
  }
}

const WATCH_AGAIN_MS = 1000;

/** KurrentDB keeps a stream's events from revision 0 on; here they have versions from 1 on. */
const revisionOf = (version: number): bigint => BigInt(version - 1);

export function createKurrentEventStore({ url, caFile, logger }: KurrentOptions): KurrentEventStore {
  const client = KurrentDBClient.connectionString(withAuthority(url, caFile));
  return {
    append: (stream, events, expected) => translated(() => append(client, stream, events, expected)),
    readStream: (stream, fromVersion = 1) =>
      translated(async () => {
        const events: StoredEvent[] = [];
        try {
          const reading = client.readStream(stream, { fromRevision: revisionOf(fromVersion) });
          for await (const { event } of reading) if (event) events.push(toStored(event));
        } catch (error) {
          if (!(error instanceof StreamNotFoundError)) throw error;
        }
        return events;
      }),
    readAll: (after, limit) => translated(() => readAll(client, after, limit)),
    watch: async (notify) => watch(client, notify, logger),
    close: () => client.dispose(),
  };
}

function withAuthority(url: string, caFile: string | undefined): string {
  if (caFile === undefined) return url;
  return `${url}${url.includes('?') ? '&' : '?'}tlsCaFile=${encodeURIComponent(caFile)}`;
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const away = error instanceof UnavailableError || error instanceof DeadlineExceededError;
    throw away ? new EventStoreUnavailable(error) : error;
  }
}

async function append(
  client: KurrentDBClient,
  stream: string,
  events: NewEvent[],
  expected: ExpectedVersion,
): Promise<number> {
  if (events.length === 0) return expected === 'any' ? currentVersion(client, stream) : expected;
  const streamState = expected === 'any' ? ANY : expected === 0 ? NO_STREAM : revisionOf(expected);
  try {
    const proposed = events.map(({ type, data, metadata }) =>
      jsonEvent({ type, data: data as Record<string, unknown>, metadata }),
    );
    const { nextExpectedRevision } = await client.appendToStream(stream, proposed, { streamState });
    return Number(nextExpectedRevision) + 1;
  } catch (error) {
    if (error instanceof WrongExpectedVersionError) throw new ConcurrencyConflict(stream, expected);
    throw error;
  }
}

async function currentVersion(client: KurrentDBClient, stream: string): Promise<number> {
  try {
    const last = client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 });
    for await (const { event } of last) if (event) return Number(event.revision) + 1;
  } catch (error) {
    if (!(error instanceof StreamNotFoundError)) throw error;
  }
  return 0;
}

/** Its order has no gaps: there is one writer, and what it shows is committed. */
async function readAll(client: KurrentDBClient, after: Position, limit: number): Promise<PositionedEvent[]> {
  const found: PositionedEvent[] = [];
  // The store begins with the event that it is told, and system events lie between ours: a page may hold none of ours.
  const page = limit + 1;
  for (let from = parse(after); ; ) {
    let seen = 0;
    let last = from;
    for await (const { event } of client.readAll({ fromPosition: from ?? BEGINNING, maxCount: page })) {
      seen++;
      if (!event?.position) continue;
      last = event.position;
      if (same(event.position, from) || event.streamId.startsWith('$')) continue;
      if (found.length < limit) found.push({ ...toStored(event), position: format(event.position) });
    }
    if (found.length === limit || seen < page || last === from) return found;
    from = last;
  }
}

/** Poll and notification complement each other: a subscription that breaks is made again, and says so by a notification. */
function watch(client: KurrentDBClient, notify: () => void, logger: Logger): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let subscription: ReturnType<KurrentDBClient['subscribeToAll']> | undefined;
  const start = (): void => {
    const current = client.subscribeToAll({ fromPosition: END, filter: excludeSystemEvents() });
    subscription = current;
    current.on('confirmation', notify);
    current.on('data', notify);
    current.on('error', (error) => {
      if (stopped || subscription !== current) return;
      subscription = undefined;
      logger.warn({ err: error }, 'cannot watch the event store, polling meanwhile');
      timer = setTimeout(start, WATCH_AGAIN_MS);
    });
  };
  start();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await subscription?.unsubscribe();
    },
  };
}

interface LogPosition {
  commit: bigint;
  prepare: bigint;
}

const format = ({ commit, prepare }: LogPosition): Position => `${commit}:${prepare}`;

function parse(position: Position): LogPosition | undefined {
  if (position === START) return undefined;
  const [commit = '0', prepare = '0'] = position.split(':');
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

const same = (a: LogPosition, b: LogPosition | undefined): boolean =>
  a.commit === b?.commit && a.prepare === b.prepare;

const toStored = ({ streamId, revision, type, data, metadata, created }: RecordedEvent): StoredEvent => ({
  stream: streamId,
  version: Number(revision) + 1,
  type,
  data,
  metadata: (metadata ?? {}) as Record<string, unknown>,
  recordedAt: created,
});
