import { httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  ...serviceVariables('cart-service', 3008),
  ...kafkaVariables,
  PRODUCT_SERVICE_URL: httpUrl,
  ORDER_SERVICE_URL: httpUrl,
  JWKS_URL: httpUrl,
  /** A cart that nobody touched for so long is removed. */
  CART_TTL_DAYS: z.coerce.number().int().min(1).max(3650).default(30),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
