import { parseEnv } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  SERVICE_NAME: z.string().default('user-service'),
  SERVICE_VERSION: z.string().default('v1'),
  ENVIRONMENT: z.string().default('local'),
  PORT: z.coerce.number().int().min(1).max(65535).default(3003),
  DATABASE_URL: z.url({
    protocol: /^postgres(ql)?$/,
    error: 'must be a URL like postgres://user:password@host:5432/database',
  }),
  JWT_SIGNING_KEYS_FILE: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default('/var/run/secrets/jwt/keys.json'),
  REGISTRATIONS_PER_MINUTE: z.coerce.number().int().min(1).default(300),
  LOGIN_FAILURES_PER_QUARTER_HOUR: z.coerce.number().int().min(1).default(10),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError */
export const readConfig = (env: NodeJS.ProcessEnv = process.env): Config => parseEnv(schema, env);
