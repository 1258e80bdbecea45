import { randomUUID } from 'node:crypto';
import { createPool, type Migrations, type Pool, runMigrations } from '../postgres';
import { createLogger } from '../telemetry';
import { startKafka, startPostgres } from '../testing';
import {
  type ConsumerOptions,
  createConsumer,
  createEvent,
  createKafka,
  type EventConsumer,
  type KafkaPort,
  messagingMigration,
  messagingUpkeepMigration,
  type ReceivedMessage,
} from '.';

export const logger = createLogger('test', { level: 'silent' });

export const event = (subject: string, n: number, id?: string) =>
  createEvent({ source: '/test', type: 'test.happened.v1', subject, data: { n }, id });

export const until = async (
  what: string,
  condition: () => unknown | Promise<unknown>,
  ms = 45_000,
): Promise<void> => {
  for (const deadline = Date.now() + ms; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** A broker and a database with outbox, inbox and a table `effects (what)`, for one test file. */
export async function startMessaging(more: Migrations = {}) {
  const [postgres, broker] = await Promise.all([startPostgres(), startKafka()]);
  const pool: Pool = createPool({ url: postgres.url, max: 20 });
  const migrations = {
    '0001-messaging': messagingMigration,
    '0002-messaging-upkeep': messagingUpkeepMigration,
    ...more,
  };
  await runMigrations({ pool, migrations, lockId: 1 });
  await pool.query('create table effects (id serial, what text not null)');
  const kafka: KafkaPort = createKafka({ brokers: broker.brokers, clientId: 'test', logger });
  let running: { stop(): Promise<void> }[] = [];
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    running.push(one);
    return one;
  };
  return {
    ...{ pool, kafka, broker, url: postgres.url, keep },
    async newTopic(): Promise<string> {
      const topic = `test.${randomUUID()}`;
      await kafka.ensureTopics([topic, `${topic}.dlq`]);
      return topic;
    },
    /** What arrives on a topic from now on, and what lies there. */
    async collect(topic: string): Promise<ReceivedMessage[]> {
      const messages: ReceivedMessage[] = [];
      const onMessage = async ({ message }: { message: ReceivedMessage }) => void messages.push(message);
      keep(await kafka.subscribe({ groupId: randomUUID(), topics: [topic], onMessage }));
      return messages;
    },
    consumer: (
      topic: string,
      handlers: ConsumerOptions['handlers'],
      more: Partial<ConsumerOptions> = {},
    ): EventConsumer =>
      createConsumer({
        ...{ kafka, pool, logger, handlers, groupId: `group-${topic}`, topics: [topic] },
        retry: { attempts: 3, firstDelayMs: 20 },
        ...more,
      }),
    effects: async (): Promise<string[]> =>
      (await pool.query('select what from effects order by id')).rows.map((row) => row.what),
    /** After each test. */
    async reset(): Promise<void> {
      await Promise.all(running.map((one) => one.stop()));
      running = [];
      await pool.query('truncate effects, outbox, inbox');
    },
    async stop(): Promise<void> {
      await kafka.close();
      await pool.end();
      await Promise.all([postgres.stop(), broker.stop()]);
    },
  };
}
