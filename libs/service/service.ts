import type { Express } from 'express';
import { createDiscovery, type DiscoveryConfig } from '../discovery';
import { serve } from '../http';
import { createKafka, type KafkaPort } from '../messaging';
import {
  createPool,
  type Migrations,
  migrateBeforeStart,
  type Pool,
  type Queryable,
  readsFrom,
} from '../postgres';
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../resilience';
import { configureTelemetry, createLogger, type Logger } from '../telemetry';
import { isKafkaConfig, type KafkaConfig, kafkaConnection } from './kafka';
import { answerMigrations } from './migrations';
import { type OperationName, type Operations, operationCommands, operationNames } from './operations';
import { runProgram } from './program';

/** What `serviceVariables` reads; and `kafkaVariables` where the service talks to others through events. */
interface ServiceConfig extends DiscoveryConfig, Partial<KafkaConfig> {
  ENVIRONMENT: string;
  LOG_LEVEL: string;
  DATABASE_URL: string;
  DATABASE_REPLICA_URL?: string;
  DATABASE_POOL_SIZE: number;
}

export interface ServiceParts<C> {
  config: C;
  version: string;
  logger: Logger;
  pool: Pool;
  /** For reads that may be a moment old: a copy of the database, or itself where there is none. */
  reads: Queryable;
  kafka: C extends { KAFKA_BROKERS: string[] } ? KafkaPort : undefined;
  upstream: Upstream;
}

/** Calls another service: its healthy instances where there is discovery, else its Service address. */
type Upstream = (
  name: string,
  baseUrl: string,
  patience?: Pick<HttpClientOptions, 'attempts' | 'timeoutMs'>,
) => HttpClient;

export interface ServiceProgram<C> {
  config: () => C;
  migrations: Migrations;
  /** Any number that is the service's own: migrations and seed run under this advisory lock. */
  lockId: number;
  seed?: (pool: Pool, config: C) => Promise<unknown>;
  /** Further commands of `main.js`, each with the database: `main.js create-admin …`. */
  commands?: Record<
    string,
    (parts: Pick<ServiceParts<C>, 'config' | 'logger' | 'pool'> & { args: string[] }) => Promise<unknown>
  >;
  /** Puts the service together and starts nothing: for the commands in operations.ts. */
  operations?: (parts: ServiceParts<C>) => Operations;
  /** Puts the service together and starts its background work. `stop` ends that work; pool and broker are closed after it. */
  start: (parts: ServiceParts<C>) => Promise<{ app: Express; stop: () => Promise<void> }>;
}

/** The whole of a service's `main.ts`: see runProgram for its commands and its way to fail. */
export const runService = <C extends ServiceConfig>(program: ServiceProgram<C>): Promise<void> => {
  const { migrations, lockId, operations } = program;
  const open = (config: C, more: { statementTimeoutMs?: number; logTo?: NodeJS.WriteStream } = {}) => {
    const { SERVICE_NAME: service, SERVICE_VERSION: version, ENVIRONMENT: environment } = config;
    configureTelemetry({ service, version, environment });
    const logger = createLogger(service, {
      ...{ level: config.LOG_LEVEL, version, environment, destination: more.logTo },
    });
    const { statementTimeoutMs } = more;
    const poolOf = (url: string, name?: string) =>
      createPool({
        ...{ url, name, max: config.DATABASE_POOL_SIZE, applicationName: service },
        ...{ statementTimeoutMs, logger },
      });
    const pool = poolOf(config.DATABASE_URL);
    const copy = config.DATABASE_REPLICA_URL ? poolOf(config.DATABASE_REPLICA_URL, 'copy') : undefined;
    const kafka = isKafkaConfig(config)
      ? createKafka({ ...kafkaConnection(config), clientId: service, logger })
      : undefined;
    const close = async () => {
      await kafka?.close();
      await Promise.all([pool.end(), copy?.end()]);
    };
    return { config, version, logger, pool, reads: readsFrom(copy, pool), kafka, close };
  };
  type Command = (parts: ServiceParts<C> & { args: string[] }) => Promise<unknown>;
  const command = (work: Command) => async (config: C, args: string[]) => {
    // Standard output is for the answer.
    const { close, ...parts } = open(config, { logTo: process.stderr });
    const upstream: Upstream = (name, baseUrl, patience) => createHttpClient({ ...patience, name, baseUrl });
    const code = await work({ ...parts, upstream, args } as ServiceParts<C> & { args: string[] });
    await close();
    return code;
  };
  const operation = (name: OperationName) =>
    command(async ({ args, ...parts }) => {
      const built = operations?.(parts as ServiceParts<C>) ?? {};
      const answer = await operationCommands[name]({ pool: parts.pool, operations: built, args });
      process.stdout.write(`${JSON.stringify(answer)}\n`);
    });
  return runProgram<C>({
    config: program.config,
    async migrate(config) {
      // A migration takes as long as it takes.
      const { pool, logger, close } = open(config, { statementTimeoutMs: 0 });
      await migrateBeforeStart({ pool, migrations, lockId, logger }, async () => {
        await program.seed?.(pool, config);
      });
      await close();
    },
    commands: Object.fromEntries([
      [
        'migrations',
        command(async ({ pool, logger, args }) => {
          const answer = await answerMigrations({ pool, migrations, lockId, logger }, args);
          process.stdout.write(`${JSON.stringify(answer)}\n`);
          return 'refused' in answer ? 1 : 0;
        }),
      ],
      ...(operations ? operationNames.map((name) => [name, operation(name)]) : []),
      ...Object.entries(program.commands ?? {}).map(([name, work]) => [name, command(work)]),
    ]),
    async serve(config) {
      const { close, ...opened } = open(config);
      const { logger } = opened;
      const discovery = createDiscovery(config, logger);
      const upstream: Upstream = (name, baseUrl, patience) =>
        createHttpClient({ ...patience, name, baseUrl, endpoints: discovery?.endpoints(baseUrl) });
      const { app, stop } = await program.start({ ...opened, upstream } as ServiceParts<C>);
      await serve(app, {
        port: config.PORT,
        logger,
        onLeaving: async () => discovery?.leave(),
        async onShutdown() {
          await stop();
          discovery?.stop();
          await close();
        },
      });
      await discovery?.register();
    },
  });
};
