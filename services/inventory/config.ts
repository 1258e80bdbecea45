import { httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  ...serviceVariables('inventory-service', 3006),
  ...kafkaVariables,
  JWKS_URL: httpUrl,
  /** How long stock is held for an order that nobody decides about: longer than the checkout's patience (services/order/domain/checkout.ts). */
  RESERVATION_SECONDS: z.coerce.number().int().min(1).max(604_800).default(7200),
  /** As many as the catalogue has: the same number as product's. */
  SEED_PRODUCTS: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
