import { randomUUID } from 'node:crypto';
import { isDatabaseUnavailable } from '../postgres';
import { maskPersonalData } from '../telemetry';
import { type CloudEvent, parseEvent } from './envelope';
import { type Handling, handle, inboxId, type Outcome, understand } from './handling';
import type { BrokerMessage, KafkaPort, ReceivedMessage } from './kafka-port';

/**
 * How long processed ids are remembered. Longer than dead letters are kept (30 days): a letter that is replayed must not
 * find that its event was forgotten, and happen twice.
 */
export const INBOX_DAYS = 35;

/** One that could not be handled. What it says stays out of it: that may be about a person. */
export interface DeadLetter {
  topic: string;
  partition: number;
  offset: string;
  /** Of the event, where it is one. */
  id?: string;
  type?: string;
  subject: string | null;
  reason: string;
  attempts: number;
  /** ISO 8601. */
  time: string;
  /** It was replayed, or came again, and went well. */
  handled: boolean;
}

export interface Replayed {
  letter: DeadLetter;
  /** `failed`: it stays where it is. `too-old`: whether it was handled meanwhile is forgotten, so it is not tried. */
  outcome: Outcome | 'failed' | 'too-old';
  reason?: string;
}

export interface DeadLettersOptions extends Handling {
  kafka: KafkaPort;
  inboxDays?: number;
}

const deadLetterTopic = (topic: string): string => `${topic}.dlq`;
const DAY_MS = 86_400_000;

/** The message with everything that helps to find out why. */
export const toDeadLetter = (
  message: ReceivedMessage,
  consumer: string,
  error: unknown,
  attempts: number,
  now: Date,
): BrokerMessage => {
  const { name, message: reason } =
    error instanceof Error ? error : { name: 'Error', message: String(error) };
  return {
    topic: deadLetterTopic(message.topic),
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      'dlq-consumer': consumer,
      'dlq-topic': message.topic,
      'dlq-partition': String(message.partition),
      'dlq-offset': message.offset,
      'dlq-attempts': String(attempts),
      'dlq-error': name,
      'dlq-reason': maskPersonalData(reason).slice(0, 1000),
      'dlq-time': now.toISOString(),
    },
  };
};

/** This consumer's dead letters of a topic, oldest first. */
export async function listDeadLetters(options: DeadLettersOptions, topic: string): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  await eachLetter(options, topic, async (letter) => void letters.push(letter));
  return letters;
}

/**
 * Hands this consumer's dead letters of a topic to its handlers once more, each in a transaction with its inbox record: what
 * was handled is not handled again, however often this is done. A letter that fails again stays where it is.
 */
export async function replayDeadLetters(
  options: DeadLettersOptions,
  topic: string,
  now: Date,
): Promise<Replayed[]> {
  const oldest = now.getTime() - (options.inboxDays ?? INBOX_DAYS) * DAY_MS;
  const replayed: Replayed[] = [];
  await eachLetter(options, topic, async (letter, message) => {
    if (!(Date.parse(letter.time) > oldest)) return void replayed.push({ letter, outcome: 'too-old' });
    try {
      const [outcome] = await handle(options, [understand(options, message.value)], letter.attempts + 1);
      replayed.push({ letter, outcome: outcome as Outcome });
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      options.logger.warn({ err: error, topic, eventId: letter.id }, 'a dead letter cannot be handled yet');
      const reason = maskPersonalData((error as Error).message);
      replayed.push({ letter, outcome: 'failed', reason });
    }
  });
  return replayed;
}

async function eachLetter(
  options: DeadLettersOptions,
  topic: string,
  visit: (letter: DeadLetter, message: ReceivedMessage) => Promise<void>,
): Promise<void> {
  await options.kafka.readToEnd({
    // Its own name first: that is what the broker grants it.
    groupId: `${options.groupId}-dead-letters-${randomUUID()}`,
    topic: deadLetterTopic(topic),
    async onMessage(message) {
      if (message.headers['dlq-consumer'] !== options.groupId) return;
      await visit(await describe(options, message), message);
    },
  });
}

async function describe({ pool, groupId }: Handling, message: ReceivedMessage): Promise<DeadLetter> {
  const event = eventIn(message);
  const known =
    event &&
    (await pool.query({
      name: 'in-inbox',
      text: 'select 1 from inbox where consumer = $1 and event_id = $2',
      values: [groupId, inboxId(event)],
    }));
  const { headers } = message;
  return {
    topic: message.topic,
    partition: message.partition,
    offset: message.offset,
    ...(event && { id: event.id, type: event.type }),
    subject: message.key,
    reason: headers['dlq-reason'] ?? '',
    attempts: Number(headers['dlq-attempts'] ?? 0),
    time: headers['dlq-time'] ?? '',
    handled: known?.rowCount === 1,
  };
}

function eventIn({ value }: ReceivedMessage): CloudEvent | undefined {
  try {
    return parseEvent(value);
  } catch {
    return undefined;
  }
}
