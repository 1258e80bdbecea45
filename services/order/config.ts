import { parseEnv } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  SERVICE_NAME: z.string().default('order-service'),
  SERVICE_VERSION: z.string().default('v1'),
  ENVIRONMENT: z.string().default('local'),
  PORT: z.coerce.number().int().min(1).max(65_535).default(3002),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  KAFKA_BROKERS: z
    .string()
    .regex(/^[\w.-]+:\d+(,[\w.-]+:\d+)*$/, "expected 'host:port', several divided by commas")
    .transform((brokers) => brokers.split(',')),
  PRODUCT_SERVICE_URL: z.url({ protocol: /^https?$/ }),
  JWKS_URL: z.url({ protocol: /^https?$/ }),
  /** Seconds an answer of product or payment may take before the order acts on its own. */
  CHECKOUT_PATIENCE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(300),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
