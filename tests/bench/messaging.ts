// What outbox and inbox cost: the relay beside a bare producer, the consumer beside a bare one, on the same messages and servers.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CloudEvent,
  createConsumer,
  createEvent,
  createKafka,
  enqueueEvents,
  handler,
  type KafkaPort,
  messagingMigration,
  messagingUpkeepMigration,
  startRelay,
} from '@platform/libs/messaging';
import { createPool, type Pool, runMigrations, withTransaction } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startKafka, startPostgres } from '@platform/libs/testing';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { z } from 'zod';
import { median, type Row } from './row';

const rounds = 5;
const messages = 20_000;
const atOnce = 1000;
const patienceMs = 120_000;
const type = 'bench.happened.v1';
const logger = createLogger('bench', { level: 'warn' });

interface Bench {
  pool: Pool;
  kafka: KafkaPort;
  bare: Kafka;
}

const events = (count: number): CloudEvent[] =>
  Array.from({ length: count }, (_, n) =>
    createEvent({
      ...{ source: '/bench', type, subject: `order-${n % 500}` },
      data: {
        ...{ orderId: randomUUID(), customerId: randomUUID(), n },
        items: [{ productId: 'prd-00001', quantity: 2, unitPrice: { amount: 1999, currency: 'EUR' } }],
        total: { amount: 3998, currency: 'EUR' },
      },
    }),
  );

const batches = <T>(all: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));

const newTopic = async ({ kafka }: Bench): Promise<string> => {
  const topic = `bench.${randomUUID()}`;
  await kafka.ensureTopics([topic, `${topic}.dlq`]);
  return topic;
};

/** Messages a second between the first and the last; joining a group is not measured. */
const stopwatch = (count: number) => {
  let began = 0;
  let seen = 0;
  let done: (perSecond: number) => void = () => undefined;
  const rate = new Promise<number>((resolve, reject) => {
    done = resolve;
    setTimeout(() => reject(new Error(`${seen} of ${count} messages in time`)), patienceMs).unref();
  });
  return {
    rate,
    tick() {
      if (seen++ === 0) began = performance.now();
      if (seen === count) done((count / (performance.now() - began)) * 1000);
    },
  };
};

const bareProducer = async (bench: Bench, all: CloudEvent[]): Promise<number> => {
  const topic = await newTopic(bench);
  const producer = bench.bare.producer({
    ...{ createPartitioner: Partitioners.DefaultPartitioner, maxInFlightRequests: 1 },
  });
  await producer.connect();
  const headers = { 'content-type': 'application/cloudevents+json', 'ce-type': type };
  const values = all.map((event) => ({ key: event.subject, value: JSON.stringify(event), headers }));
  const began = performance.now();
  for (const batch of batches(values, atOnce)) await producer.send({ topic, acks: -1, messages: batch });
  const seconds = (performance.now() - began) / 1000;
  await producer.disconnect();
  return all.length / seconds;
};

const relay = async (bench: Bench, all: CloudEvent[]): Promise<number> => {
  const { pool, kafka } = bench;
  const topic = await newTopic(bench);
  for (const batch of batches(all, atOnce))
    await withTransaction(pool, (client) => enqueueEvents(client, topic, batch));
  let published = 0;
  const counting: KafkaPort = {
    ...kafka,
    async publish(some) {
      await kafka.publish(some);
      published += some.length;
    },
  };
  const began = performance.now();
  const running = await startRelay({ pool, kafka: counting, logger });
  while (published < all.length) await sleep(5);
  while ((await pool.query('select 1 from outbox limit 1')).rowCount !== 0) await sleep(5);
  const seconds = (performance.now() - began) / 1000;
  await running.stop();
  return all.length / seconds;
};

/** What both consumers do with a message. */
type Work = (db: Pick<Pool, 'query'>, n: number) => Promise<unknown>;
const nothing: Work = async () => undefined;
const oneRow: Work = (db, n) =>
  db.query({ name: 'work', text: 'insert into effects (n) values ($1)', values: [n] });

const bareConsumer = async ({ bare, pool }: Bench, topic: string, work: Work): Promise<number> => {
  const { rate, tick } = stopwatch(messages);
  const consumer = bare.consumer({ groupId: randomUUID() });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    partitionsConsumedConcurrently: 3,
    async eachMessage({ message }) {
      await work(pool, JSON.parse(String(message.value)).data.n);
      tick();
    },
  });
  const perSecond = await rate;
  await consumer.disconnect();
  return perSecond;
};

const consumerWithInbox = async ({ kafka, pool }: Bench, topic: string, work: Work): Promise<number> => {
  const { rate, tick } = stopwatch(messages);
  const consumer = createConsumer({
    ...{ kafka, pool, logger, groupId: randomUUID(), topics: [topic] },
    handlers: {
      [type]: handler(z.object({ n: z.number() }), async ({ data }, { client }) => {
        await work(client, data.n);
        tick();
      }),
    },
  });
  await consumer.start();
  const perSecond = await rate;
  await consumer.stop();
  return perSecond;
};

const inTurns = async (baseline: () => Promise<number>, ours: () => Promise<number>) => {
  const samples = { baseline: [] as number[], ours: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    samples.baseline.push(await baseline());
    samples.ours.push(await ours());
  }
  return { baseline: median(samples.baseline), measured: median(samples.ours), unit: 'msg/s' };
};

const measure = async (bench: Bench): Promise<Row[]> => {
  const all = events(messages);
  const rows: Row[] = [];
  rows.push({
    name: 'relay, beside a bare producer',
    target: '≥ 0.5 ×',
    ...(await inTurns(
      () => bareProducer(bench, all),
      () => relay(bench, all),
    )),
  });
  const topic = await newTopic(bench);
  for (const batch of batches(all, atOnce)) {
    const values = batch.map((event) => ({ topic, key: event.subject, value: JSON.stringify(event) }));
    await bench.kafka.publish(values);
  }
  for (const [name, work] of [
    ['that counts', nothing],
    ['that writes a row', oneRow],
  ] as const) {
    rows.push({
      name: `consumer with inbox ${name}, beside a bare one`,
      target: '≥ 0.3 ×',
      ...(await inTurns(
        () => bareConsumer(bench, topic, work),
        () => consumerWithInbox(bench, topic, work),
      )),
    });
  }
  return rows;
};

export const messagingRows = async (): Promise<Row[]> => {
  const [postgres, broker] = await Promise.all([startPostgres(), startKafka()]);
  const pool = createPool({ url: postgres.url });
  const kafka = createKafka({ brokers: broker.brokers, clientId: 'bench', logger });
  const bare = new Kafka({ brokers: broker.brokers, clientId: 'bare', logLevel: logLevel.NOTHING });
  try {
    const migrations = { '0001-messaging': messagingMigration, '0002-upkeep': messagingUpkeepMigration };
    await runMigrations({ pool, migrations, lockId: 1 });
    await pool.query('create table effects (n integer not null)');
    return await measure({ pool, kafka, bare });
  } finally {
    await kafka.close();
    await pool.end();
    await Promise.all([postgres.stop(), broker.stop()]);
  }
};
