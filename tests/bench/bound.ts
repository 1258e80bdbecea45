// What one commit, or one trip through the broker, takes by itself, in milliseconds. Runs in the network of the server's pod.
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { median } from './row';

const rounds = 200;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

const commit = async (): Promise<number> => {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query('create table if not exists bench_commits (n integer not null)');
  const times: number[] = [];
  for (let n = 0; n < rounds; n++)
    times.push(await timed(() => client.query('insert into bench_commits values ($1)', [n])));
  await client.query('drop table bench_commits');
  await client.end();
  return median(times);
};

/** Sent, acknowledged by the broker, and received by who waits for it. */
const trip = async (): Promise<number> => {
  const kafka = new Kafka({
    ...{ clientId: 'bench', brokers: ['127.0.0.1:9092'], logLevel: logLevel.NOTHING },
    // The name the broker goes by is known in the cluster only, and this is its own pod.
    socketFactory: ({ port, onConnect }) => connect(port, '127.0.0.1', onConnect),
  });
  const topic = `bench.trip.${randomUUID()}`;
  const admin = kafka.admin();
  const producer = kafka.producer({ maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: topic });
  await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let arrived: () => void = () => undefined;
  await consumer.run({ eachMessage: async () => arrived() });
  const once = async () => {
    const received = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    await producer.send({ topic, acks: -1, messages: [{ value: 'x'.repeat(500) }] });
    await received;
  };
  await once();
  const times: number[] = [];
  for (let n = 0; n < rounds; n++) times.push(await timed(once));
  await consumer.disconnect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.deleteGroups([topic]);
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  return median(times);
};

(process.argv[2] === 'commit' ? commit() : trip()).then(
  (milliseconds) => process.stdout.write(`${milliseconds}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  },
);
