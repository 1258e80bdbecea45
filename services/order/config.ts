import { httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  ...serviceVariables('order-service', 3002),
  ...kafkaVariables,
  PRODUCT_SERVICE_URL: httpUrl,
  SHIPPING_SERVICE_URL: httpUrl,
  JWKS_URL: httpUrl,
  /** Seconds an answer of inventory or payment may take before the order acts on its own. */
  CHECKOUT_PATIENCE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(300),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
