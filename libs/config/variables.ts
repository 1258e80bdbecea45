import { z } from 'zod';

const list = (pattern: RegExp, error: string) =>
  z
    .string()
    .regex(pattern, error)
    .transform((text) => text.split(','));

const databaseUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must be a URL like postgres://user:password@host:5432/database',
});

/** What every service reads. `port`: where it listens when nothing else is said. */
export const serviceVariables = (name: string, port: number) => ({
  SERVICE_NAME: z.string().default(name),
  SERVICE_VERSION: z.string().default('v1'),
  ENVIRONMENT: z.string().default('local'),
  PORT: z.coerce.number().int().min(1).max(65_535).default(port),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATABASE_URL: databaseUrl,
  /** Connections this process may keep open to it, and to the copy. A migration needs two. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(100).default(10),
  /** A copy for reads that may be a moment old. Unset: they are asked of the database itself. */
  DATABASE_REPLICA_URL: databaseUrl.optional(),
  /** Consul agents, each `http://host:port`. Unset: not registered, and others are called at their Service address. */
  CONSUL_URLS: list(
    /^https?:\/\/[^\s,]+(,https?:\/\/[^\s,]+)*$/,
    'must be http://host:port, several separated by commas',
  ).optional(),
  CONSUL_TOKEN: z.string().optional(),
  /** Who this process is, where CONSUL_URLS is set (libs/discovery). */
  INSTANCE_ID: z.string().optional(),
  INSTANCE_ADDRESS: z.string().optional(),
  INSTANCE_COLOUR: z.string().optional(),
  INSTANCE_AUTHORITY: z.string().optional(),
  INSTANCE_CHECK_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
});

/** The address of another service or of a gateway. */
export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL like http://host' });

/** `host:port,host:port` → list. */
const brokerList = list(/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/, 'must be host:port, several separated by commas');

/**
 * Where Kafka is and how to get in. TLS with the authorities of `KAFKA_CA_FILE` (of the system where there is none), a name and
 * password where the brokers ask for them.
 */
export const kafkaVariables = {
  KAFKA_BROKERS: brokerList,
  KAFKA_TLS: z.stringbool({ error: 'must be true or false' }).optional(),
  KAFKA_CA_FILE: z.string().optional(),
  KAFKA_USERNAME: z.string().optional(),
  KAFKA_PASSWORD: z.string().optional(),
};
