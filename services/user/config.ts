import { httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const schema = z.object({
  ...serviceVariables('user-service', 3003),
  ...kafkaVariables,
  CART_SERVICE_URL: httpUrl,
  ORDER_SERVICE_URL: httpUrl,
  PAYMENT_SERVICE_URL: httpUrl,
  SHIPPING_SERVICE_URL: httpUrl,
  NOTIFICATION_SERVICE_URL: httpUrl,
  /** The shop's address as its customers know it; OAuth clients know this issuer by it. */
  PUBLIC_URL: httpUrl,
  JWT_SIGNING_KEYS_FILE: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default('/var/run/secrets/jwt/keys.json'),
  /** Encrypts the secrets of second factors. Random; whoever changes it makes everybody enrol again. */
  MFA_ENCRYPTION_KEY: z.string().min(32, 'must have 32 random characters or more'),
  /** What the notification service proves itself by, which asks for addresses. */
  NOTIFICATION_CLIENT_SECRET: z.string().min(32, 'must have 32 random characters or more'),
  REGISTRATIONS_PER_MINUTE: z.coerce.number().int().min(1).default(300),
  LOGIN_FAILURES_PER_QUARTER_HOUR: z.coerce.number().int().min(1).default(10),
  /** Seconds after which a session ends that nobody refreshes. */
  SESSION_IDLE_SECONDS: z.coerce.number().int().min(60).max(86_400).default(900),
  /** Seconds after which a session ends however busy it is. */
  SESSION_ABSOLUTE_SECONDS: z.coerce.number().int().min(60).max(2_592_000).default(43_200),
});

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
