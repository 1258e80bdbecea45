import { parseEnv } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  SERVICE_NAME: z.string().default('payment-service'),
  SERVICE_VERSION: z.string().default('v1'),
  ENVIRONMENT: z.string().default('local'),
  PORT: z.coerce.number().int().min(1).max(65_535).default(3004),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  KAFKA_BROKERS: z
    .string()
    .regex(/^[\w.-]+:\d+(,[\w.-]+:\d+)*$/, "expected 'host:port', several divided by commas")
    .transform((brokers) => brokers.split(',')),
  JWKS_URL: z.url({ protocol: /^https?$/ }),
  STRIPE_API_KEY: z.string().regex(/^[sr]k_(test|live)_\w+$/, "expected 'sk_test_…' or 'sk_live_…'"),
  STRIPE_WEBHOOK_SECRET: z.string().regex(/^whsec_\w+$/, "expected 'whsec_…'"),
  /** Unset: Stripe itself. */
  STRIPE_API_URL: z.url({ protocol: /^https?$/ }).optional(),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
