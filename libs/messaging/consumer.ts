import { demandAnEnd } from '../eventstore';
import { isDatabaseUnavailable } from '../postgres';
import { instruments } from '../telemetry';
import {
  type DeadLetter,
  INBOX_DAYS,
  listDeadLetters,
  type Replayed,
  replayDeadLetters,
  toDeadLetter,
} from './dead-letters';
import { type Handling, handle, type Outcome, understand } from './handling';
import { keepInbox } from './inbox';
import type { Deliveries, Delivery, KafkaPort, ReceivedMessage, Subscription } from './kafka-port';

export interface ConsumerOptions extends Handling {
  kafka: KafkaPort;
  topics: string[];
  /** See SubscribeOptions: for what is in no hurry. */
  withinMs?: number;
  /** Tries before a message goes to the dead letters (8) and the first pause in ms (100, doubled up to 5 s). */
  retry?: { attempts?: number; firstDelayMs?: number };
  /** How long processed ids are remembered at least; see INBOX_DAYS. */
  inboxDays?: number;
}

export interface EventConsumer {
  readonly topics: readonly string[];
  start(): Promise<void>;
  /** Finishes the message in hand. */
  stop(): Promise<void>;
  joined(): boolean;
  /** Those of a topic that are this consumer's, oldest first. Needs no start. */
  deadLetters(topic: string): Promise<DeadLetter[]>;
  /** Handles them once more; what went well before is left alone. Needs no start. */
  replay(topic: string): Promise<Replayed[]>;
}

/** Messages handled in one transaction, if that many wait, */
const BATCH_SIZE = 500;
/** and if it is not expected to hold its locks for longer than this. */
const BATCH_MS = 100;

/**
 * At-least-once in, effectively once: the handlers' writes and the events' ids commit together. Messages that wait are
 * handled in one transaction; if one of them fails, each is handled in its own. There a failure is tried again with
 * growing pauses, in place, so that order is kept; after the last try, or at once when the error says `retriable: false`,
 * the message goes to `<topic>.dlq` with the reason in its headers. A database that is away is nobody's fault: it is
 * waited for and counts as no try.
 */
export function createConsumer(options: ConsumerOptions): EventConsumer {
  const { pool, logger, inboxDays = INBOX_DAYS } = options;
  demandAnEnd(options.upcasts ?? {});
  const pace: Pace = { msPerMessage: 1 };
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
      subscription = await options.kafka.subscribe({
        groupId: options.groupId,
        topics: options.topics,
        withinMs: options.withinMs,
        batchSize: BATCH_SIZE,
        onMessages: async (deliveries) => {
          await kept;
          await processAll(options, deliveries, pace);
        },
      });
      keeping = setInterval(() => void keep(), 3_600_000);
      keeping.unref();
    },
    async stop() {
      clearInterval(keeping);
      await subscription?.stop();
    },
    topics: options.topics,
    joined: () => subscription?.joined() ?? false,
    deadLetters: (topic) => listDeadLetters(options, topic),
    replay: (topic) => replayDeadLetters(options, topic, new Date()),
  };
}

type Ending = Outcome | 'dead_lettered';

/** What a message took lately. */
interface Pace {
  msPerMessage: number;
}

async function processAll(options: ConsumerOptions, deliveries: Deliveries, pace: Pace): Promise<void> {
  const { messages, ...patience } = deliveries;
  for (let next = 0; next < messages.length; ) {
    const some = messages.slice(next, next + Math.max(1, Math.floor(BATCH_MS / pace.msPerMessage)));
    next += some.length;
    const began = performance.now();
    if (some.length === 1 || !(await handledTogether(options, some))) {
      for (const message of some) {
        await process(options, { message, ...patience });
        await patience.heartbeat();
      }
    }
    pace.msPerMessage = Math.max(0.01, (performance.now() - began) / some.length);
    await patience.heartbeat();
  }
}

/** @returns false when nothing was handled, because one of them cannot be. */
async function handledTogether(options: ConsumerOptions, messages: ReceivedMessage[]): Promise<boolean> {
  try {
    const events = messages.map((message) => understand(options, message.value));
    const outcomes = await handle(options, events, 1);
    for (const [index, outcome] of outcomes.entries())
      count(options, messages[index], events[index]?.type, outcome);
    return true;
  } catch (error) {
    options.logger.info({ err: error, messages: messages.length }, 'a batch is handled message by message');
    return false;
  }
}

async function process(options: ConsumerOptions, delivery: Delivery): Promise<void> {
  const { message } = delivery;
  const { attempts = 8, firstDelayMs = 100 } = options.retry ?? {};
  let type = message.headers['ce-type'] ?? 'unknown';
  let outcome: Ending | undefined;
  for (let attempt = 1, pauses = 0; outcome === undefined; ) {
    try {
      const event = understand(options, message.value);
      type = event.type;
      [outcome] = await handle(options, [event], attempt);
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
  count(options, message, type, outcome);
}

function count(
  options: ConsumerOptions,
  message: ReceivedMessage | undefined,
  type = 'other',
  outcome: Ending,
): void {
  // Types that nobody here knows are not ours to count one by one.
  const label = Object.hasOwn(options.handlers, type) ? type : 'other';
  instruments().messagesConsumed.add(1, { topic: message?.topic, type: label, outcome });
}

/** Keeps trying until the dead letter is written: the offset must not move past a message that is nowhere else. */
async function deadLetter(
  { kafka, logger, groupId }: ConsumerOptions,
  message: ReceivedMessage,
  error: unknown,
  attempts: number,
  delivery: Delivery,
): Promise<void> {
  const letter = toDeadLetter(message, groupId, error, attempts, new Date());
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
