import type { RunningProjection, StoredEvent } from '../eventstore';
import type { EventConsumer } from '../messaging';
import type { Pool } from '../postgres';

/** What an operator can ask of a service beside its API. Built, never started. */
export interface Operations {
  consumer?: EventConsumer;
  projections?: RunningProjection[];
  /** The events that tell the story of the thing with this id. */
  history?: (id: string) => Promise<StoredEvent[]>;
}

/** The command cannot be carried out as it was given; nothing was changed. */
export class CommandRefused extends Error {
  readonly code = 'COMMAND_REFUSED';
  readonly retriable = false;
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
    this.name = 'CommandRefused';
  }
}

export interface OperationParts {
  pool: Pool;
  operations: Operations;
  args: string[];
}

/** By name: what follows `main.js`. Each answers one JSON document. */
export const operationCommands = {
  /** `dead-letters [TOPIC]`: what this service put aside. */
  async 'dead-letters'({ operations, args: [topic] }: OperationParts) {
    const consumer = consumerOf(operations);
    const letters = [];
    for (const one of topic === undefined ? consumer.topics : [demandTopic(consumer, topic)])
      letters.push(...(await consumer.deadLetters(one)));
    return letters;
  },

  /** `replay TOPIC`: hands them to this service's handlers once more. Done twice it changes nothing. */
  async replay({ operations, args: [topic] }: OperationParts) {
    const consumer = consumerOf(operations);
    return consumer.replay(demandTopic(consumer, topic));
  },

  /** `rebuild NAME`: makes a read model anew from the first event. */
  async rebuild({ operations, args: [name] }: OperationParts) {
    const { projections = [] } = operations;
    const projection = projections.find((one) => one.name === name);
    if (!projection) {
      const known = projections.map((one) => one.name).join(', ') || 'none';
      throw new CommandRefused(`There is no projection '${name ?? ''}' here`, `There are: ${known}.`);
    }
    return { projection: projection.name, events: await projection.rebuild() };
  },

  /** `trace ID`: all there is about one thing: its events, and the messages about it that got no further. */
  async trace({ pool, operations, args: [id] }: OperationParts) {
    if (!id) throw new CommandRefused('Usage: trace ID');
    const letters = [];
    for (const topic of operations.consumer?.topics ?? [])
      letters.push(...((await operations.consumer?.deadLetters(topic)) ?? []));
    return {
      events: ((await operations.history?.(id)) ?? []).map(({ stream, version, type, data, recordedAt }) => ({
        ...{ stream, version, type, data, at: recordedAt.toISOString() },
      })),
      waiting: await waitingMessages(pool, id),
      deadLetters: letters.filter(({ subject, handled }) => subject === id && !handled),
    };
  },
};

export type OperationName = keyof typeof operationCommands;
export const operationNames = Object.keys(operationCommands) as OperationName[];

function consumerOf({ consumer }: Operations): EventConsumer {
  if (consumer) return consumer;
  throw new CommandRefused('This service consumes no events');
}

function demandTopic({ topics }: EventConsumer, topic = ''): string {
  if (topics.includes(topic)) return topic;
  throw new CommandRefused(`This service does not consume '${topic}'`, `It consumes: ${topics.join(', ')}.`);
}

async function waitingMessages(pool: Pool, key: string) {
  const { rows } = await pool.query(
    `select topic, event->>'type' as type, created_at as since, refused from outbox where key = $1 order by id`,
    [key],
  );
  return rows;
}
