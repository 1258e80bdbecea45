import type { z } from 'zod';
import { type Upcasts, upcast } from '../eventstore';
import { type Pool, type PoolClient, together, withTransaction } from '../postgres';
import type { Logger } from '../telemetry';
import { type CloudEvent, PoisonMessage, parseEvent } from './envelope';

export interface HandlerContext {
  /** The transaction that also holds the inbox record: write everything through it. */
  client: PoolClient;
  logger: Logger;
  /** 1 for the first try. */
  attempt: number;
}

export interface Handler<S extends z.ZodType = z.ZodType> {
  /** What this consumer needs of `data`; unknown fields should pass (z.object, z.looseObject). */
  data: S;
  handle(event: CloudEvent<z.infer<S>>, context: HandlerContext): Promise<void>;
}

/** Ties the type of `event.data` to the schema. */
export function handler<S extends z.ZodType>(
  data: S,
  handle: (event: CloudEvent<z.infer<S>>, context: HandlerContext) => Promise<void>,
): Handler {
  return { data, handle } as unknown as Handler;
}

export interface Handling {
  /** The service's name; also names its records in the inbox. */
  groupId: string;
  /** By CloudEvents type. Other types are skipped. */
  handlers: Record<string, Handler>;
  /** Older versions that still lie on the topics, so that `handlers` name the newest only. */
  upcasts?: Upcasts;
  pool: Pool;
  logger: Logger;
}

export type Outcome = 'handled' | 'duplicate' | 'skipped';

export interface Understood extends CloudEvent {
  /** Undefined: not for us. */
  handler?: Handler;
}

/** A batch that has to wait for somebody's lock makes way this soon: its messages are then handled one by one. */
const BATCH_LOCK_MS = 50;

/** @throws PoisonMessage */
export function understand({ upcasts = {}, handlers }: Handling, value: Buffer | string | null): Understood {
  const event = upcast(upcasts, parseEvent(value));
  const known = Object.hasOwn(handlers, event.type) ? handlers[event.type] : undefined;
  if (!known) return event;
  const parsed = known.data.safeParse(event.data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new PoisonMessage(
      `data of ${event.type} is not usable: ${issue?.path.join('.') || 'root'}: ${issue?.message}`,
    );
  }
  return { ...event, data: parsed.data, handler: known };
}

/** All of them in one transaction, in order. @returns what became of each. */
export async function handle(options: Handling, events: Understood[], attempt: number): Promise<Outcome[]> {
  const ours = events.filter((event) => event.handler);
  if (ours.length === 0) return events.map(() => 'skipped');
  return withTransaction(options.pool, async (client) => {
    const [, fresh] = await together(
      ours.length > 1 && client.query(`set local lock_timeout = ${BATCH_LOCK_MS}`),
      record(client, options.groupId, ours.map(inboxId)),
    );
    const outcomes: Outcome[] = [];
    for (const { handler, ...event } of events) {
      if (!handler) outcomes.push('skipped');
      else if (!fresh.delete(inboxId(event))) outcomes.push('duplicate');
      else {
        await handler.handle(event, new Context(client, options.logger, attempt, event));
        outcomes.push('handled');
      }
    }
    return outcomes;
  });
}

class Context implements HandlerContext {
  constructor(
    readonly client: PoolClient,
    private readonly serviceLogger: Logger,
    readonly attempt: number,
    private readonly event: CloudEvent,
  ) {}

  /** Made when it is asked for: most handlers have nothing to say. */
  get logger(): Logger {
    const { id, type, subject } = this.event;
    return this.serviceLogger.child({ eventId: id, eventType: type, subject });
  }
}

export const inboxId = ({ source, id }: CloudEvent): string => `${source} ${id}`;

/** @returns those that were not there before. */
async function record(client: PoolClient, consumer: string, ids: string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ event_id: string }>({
    name: 'inbox-record',
    text: `insert into inbox (consumer, event_id) select $1, unnest($2::text[])
           on conflict do nothing returning event_id`,
    values: [consumer, ids],
  });
  return new Set(rows.map((row) => row.event_id));
}
