import { httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  ...serviceVariables('payment-service', 3004),
  ...kafkaVariables,
  JWKS_URL: httpUrl,
  STRIPE_API_KEY: z.string().regex(/^[sr]k_(test|live)_\w+$/, "expected 'sk_test_…' or 'sk_live_…'"),
  STRIPE_WEBHOOK_SECRET: z.string().regex(/^whsec_\w+$/, "expected 'whsec_…'"),
  /** Unset: Stripe itself. */
  STRIPE_API_URL: httpUrl.optional(),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
