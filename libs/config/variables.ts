import { z } from 'zod';

/** What every service reads. `port`: where it listens when nothing else is said. */
export const serviceVariables = (name: string, port: number) => ({
  SERVICE_NAME: z.string().default(name),
  SERVICE_VERSION: z.string().default('v1'),
  ENVIRONMENT: z.string().default('local'),
  PORT: z.coerce.number().int().min(1).max(65_535).default(port),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATABASE_URL: z.url({
    protocol: /^postgres(ql)?$/,
    error: 'must be a URL like postgres://user:password@host:5432/database',
  }),
});

/** The address of another service or of a gateway. */
export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL like http://host' });

/** `host:port,host:port` → list. */
export const brokerList = z
  .string()
  .regex(/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/, 'must be host:port, several separated by commas')
  .transform((list) => list.split(','));
