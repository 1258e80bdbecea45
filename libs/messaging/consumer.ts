import type { z } from 'zod';
import { isDatabaseUnavailable, type Pool, type PoolClient, withTransaction } from '../postgres';
import { instruments, type Logger, maskPersonalData } from '../telemetry';
import { type CloudEvent, PoisonMessage, parseEvent } from './envelope';
import { keepInbox } from './inbox';
import type { Delivery, KafkaPort, ReceivedMessage, Subscription } from './kafka-port';

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

export interface ConsumerOptions {
  kafka: KafkaPort;
  /** The service's name; also names its records in the inbox. */
  groupId: string;
  topics: string[];
  /** By CloudEvents type. Other types are skipped. */
  handlers: Record<string, Handler>;
  pool: Pool;
  logger: Logger;
  /** Tries before a message goes to the dead letters (8) and the first pause in ms (100, doubled up to 5 s). */
  retry?: { attempts?: number; firstDelayMs?: number };
  /** How long processed ids are remembered at least; 14 days unless told, more than the topics' retention. */
  inboxDays?: number;
}

export interface EventConsumer {
  start(): Promise<void>;
  /** Finishes the message in hand. */
  stop(): Promise<void>;
  joined(): boolean;
}

/**
 * At-least-once in, effectively once: the handler's writes and the event's id commit together. A failure is tried
 * again with growing pauses, in place, so that order is kept; after the last try, or at once when the error says
 * `retriable: false`, the message goes to `<topic>.dlq` with the reason in its headers. A database that is away is
 * nobody's fault: it is waited for and counts as no try.
 */
export function createConsumer(options: ConsumerOptions): EventConsumer {
  const { kafka, pool, logger, groupId, topics, inboxDays = 14 } = options;
  let subscription: Subscription | undefined;
  let keeping: NodeJS.Timeout | undefined;
  const keep = async (): Promise<void> => {
    try {
      const dropped = await keepInbox(pool, inboxDays);
      if (dropped.length > 0) logger.info({ dropped }, 'old inbox records were removed');
    } catch (error) {
      logger.warn({ err: error }, 'the inbox could not be looked after');
    }
  };
  return {
    async start() {
      // There must be a part to write to, also after months of standing still; but the broker is not kept waiting.
      const kept = keep();
      subscription = await kafka.subscribe({
        groupId,
        topics,
        onMessage: async (delivery) => {
          await kept;
          await process(options, delivery);
        },
      });
      keeping = setInterval(() => void keep(), 3_600_000);
      keeping.unref();
    },
    async stop() {
      clearInterval(keeping);
      await subscription?.stop();
    },
    joined: () => subscription?.joined() ?? false,
  };
}

type Outcome = 'handled' | 'duplicate' | 'skipped' | 'dead_lettered';

async function process(options: ConsumerOptions, delivery: Delivery): Promise<void> {
  const { message } = delivery;
  const { attempts = 8, firstDelayMs = 100 } = options.retry ?? {};
  let type = message.headers['ce-type'] ?? 'unknown';
  let outcome: Outcome | undefined;
  for (let attempt = 1, pauses = 0; outcome === undefined; ) {
    try {
      const event = parseEvent(message.value);
      type = event.type;
      outcome = await handleOnce(options, event, attempt);
    } catch (error) {
      const unavailable = isDatabaseUnavailable(error);
      if (!unavailable && (attempt >= attempts || (error as { retriable?: unknown }).retriable === false)) {
        await deadLetter(options, message, error, attempt, delivery);
        outcome = 'dead_lettered';
        break;
      }
      options.logger.warn(
        { err: error, topic: message.topic, type, attempt },
        'an event will be tried again',
      );
      await pause(delivery, Math.min(5000, firstDelayMs * 2 ** pauses++));
      if (!unavailable) attempt++;
    }
  }
  // Types that nobody here knows are not ours to count one by one.
  const label = type in options.handlers ? type : 'other';
  instruments().messagesConsumed.add(1, { topic: message.topic, type: label, outcome });
}

async function handleOnce(options: ConsumerOptions, event: CloudEvent, attempt: number): Promise<Outcome> {
  const known = Object.hasOwn(options.handlers, event.type) ? options.handlers[event.type] : undefined;
  if (!known) return 'skipped';
  const parsed = known.data.safeParse(event.data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new PoisonMessage(
      `data of ${event.type} is not usable: ${issue?.path.join('.') || 'root'}: ${issue?.message}`,
    );
  }
  const logger = options.logger.child({ eventId: event.id, eventType: event.type, subject: event.subject });
  return withTransaction(options.pool, async (client) => {
    const first = await client.query({
      name: 'inbox-record',
      text: 'insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing',
      values: [options.groupId, `${event.source} ${event.id}`],
    });
    if (first.rowCount === 0) return 'duplicate';
    await known.handle({ ...event, data: parsed.data }, { client, logger, attempt });
    return 'handled';
  });
}

/** Keeps trying until the dead letter is written: the offset must not move past a message that is nowhere else. */
async function deadLetter(
  { kafka, logger, groupId }: ConsumerOptions,
  message: ReceivedMessage,
  error: unknown,
  attempts: number,
  delivery: Delivery,
): Promise<void> {
  const { name, message: reason } =
    error instanceof Error ? error : { name: 'Error', message: String(error) };
  const letter = {
    topic: `${message.topic}.dlq`,
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      'dlq-consumer': groupId,
      'dlq-topic': message.topic,
      'dlq-partition': String(message.partition),
      'dlq-offset': message.offset,
      'dlq-attempts': String(attempts),
      'dlq-error': name,
      'dlq-reason': maskPersonalData(reason).slice(0, 1000),
      'dlq-time': new Date().toISOString(),
    },
  };
  for (let pauses = 0; ; pauses++) {
    try {
      await kafka.publish([letter]);
      logger.error(
        { err: error, topic: message.topic, offset: message.offset, attempts },
        'an event went to the dead letters',
      );
      return;
    } catch (failure) {
      logger.error({ err: failure, topic: letter.topic }, 'a dead letter cannot be written yet');
      await pause(delivery, Math.min(5000, 100 * 2 ** pauses));
    }
  }
}

async function pause(delivery: Delivery, ms: number): Promise<void> {
  const until = Date.now() + ms;
  while (Date.now() < until) {
    if (delivery.stopping()) throw new Error('stopped while waiting; the message will come again');
    await new Promise((resolve) => setTimeout(resolve, Math.min(500, until - Date.now())));
    await delivery.heartbeat();
  }
}
