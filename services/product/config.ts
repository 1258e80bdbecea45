import { httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  ...serviceVariables('product-service', 3001),
  ...kafkaVariables,
  JWKS_URL: httpUrl,
  /** Unset: each process caches for itself only. */
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a URL like redis://host:6379' }).optional(),
  /** May carry a login. Unset: the index is kept in the service's own database. */
  OPENSEARCH_URL: httpUrl.optional(),
  SEED_PRODUCTS: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
