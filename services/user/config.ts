import { parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  ...serviceVariables('user-service', 3003),
  JWT_SIGNING_KEYS_FILE: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default('/var/run/secrets/jwt/keys.json'),
  REGISTRATIONS_PER_MINUTE: z.coerce.number().int().min(1).default(300),
  LOGIN_FAILURES_PER_QUARTER_HOUR: z.coerce.number().int().min(1).default(10),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
