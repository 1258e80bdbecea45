import { parseEnv } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  SERVICE_NAME: z.string().default('product-service'),
  SERVICE_VERSION: z.string().default('v1'),
  ENVIRONMENT: z.string().default('local'),
  PORT: z.coerce.number().int().min(1).max(65535).default(3001),
  DATABASE_URL: z.url({
    protocol: /^postgres(ql)?$/,
    error: 'must be a URL like postgres://user:password@host:5432/database',
  }),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a URL like redis://host:6379' }).optional(),
  KAFKA_BROKERS: z
    .string()
    .regex(/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/, 'must be host:port, several separated by commas')
    .transform((list) => list.split(',')),
  SEED_PRODUCTS: z.coerce.number().int().min(0).max(1_000_000).default(0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError */
export const readConfig = (env: NodeJS.ProcessEnv = process.env): Config => parseEnv(schema, env);
