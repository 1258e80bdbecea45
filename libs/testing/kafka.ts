import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { freePort, runToEnd, type ServerProcess, startServer, untilReady } from './process';

const CLUSTER_ID = '5L6g3nShT-eMCtK--X86sw';

export interface TestKafka {
  /** 'host:port' each. */
  brokers: string[];
  /** Ends the broker at once; its data and port stay. */
  kill(): Promise<void>;
  /** Starts it again after kill(). */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export const javaProgram = (): string => process.env.ECP_JAVA ?? 'java';

const flags = [
  '-Xmx384m',
  '-Xms128m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];

/** The start of a command line that ends in one of Kafka's classes. @throws Error when there is no Kafka */
export function kafkaCommand(): string[] {
  const home = process.env.ECP_KAFKA_HOME;
  if (!home || !existsSync(join(home, 'libs'))) {
    throw new Error('ECP_KAFKA_HOME must name a folder with libs/*.jar of Kafka; `platform test` sets it.');
  }
  return [...flags, '-cp', join(home, 'libs', '*')];
}

export const formatArguments = (properties: string): string[] => [
  ...kafkaCommand(),
  ...['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', properties],
];

/**
 * A real one-node Kafka (KRaft) on loopback. Jars from $ECP_KAFKA_HOME/libs, Java from ECP_JAVA, else from PATH.
 */
export async function startKafka(): Promise<TestKafka> {
  const java = javaProgram();
  const command = kafkaCommand();
  const folder = await mkdtemp(join(tmpdir(), 'ecp-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const properties = join(folder, 'server.properties');
  await writeFile(properties, serverProperties(join(folder, 'data'), port, controllerPort));
  const format = async (): Promise<void> => {
    // Formatting takes a JVM of its own: done once per machine, copied afterwards.
    const template = join(tmpdir(), `ecp-kafka-template-${process.getuid?.() ?? 0}-4`);
    if (!existsSync(template)) {
      await runToEnd(java, formatArguments(properties), { env: process.env });
      const draft = `${template}-${randomUUID()}`;
      await cp(join(folder, 'data'), draft, { recursive: true });
      await rename(draft, template).catch(() => rm(draft, { recursive: true, force: true }));
      return;
    }
    await cp(template, join(folder, 'data'), { recursive: true });
  };
  const launch = async (): Promise<ServerProcess> => {
    const server = startServer(java, [...command, 'kafka.Kafka', properties], {
      cwd: folder,
      env: process.env,
    });
    await untilReady('Kafka', server, 150_000, () => ask(port));
    return server;
  };

  await format();
  let server = await launch();
  return {
    brokers: [`127.0.0.1:${port}`],
    kill: () => server.stop('SIGKILL'),
    async restart() {
      server = await launch();
    },
    async stop() {
      // Nothing of it is needed any more, so a clean shutdown would only cost time.
      await server.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves once a broker has registered. */
export async function ask(port: number): Promise<void> {
  const admin = new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    if (brokers.length === 0) throw new Error('no broker has registered yet');
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** One node that is both controller and broker. `more` goes over the rest. */
export function serverProperties(
  data: string,
  port: number,
  controllerPort: number,
  more: Record<string, string> = {},
): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': data,
    'num.partitions': '3',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'auto.create.topics.enable': 'true',
    ...more,
  })
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');
}
