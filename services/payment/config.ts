import { ConfigError, httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const secret = z.string().min(1);

const schema = z.object({
  ...serviceVariables('payment-service', 3004),
  ...kafkaVariables,
  JWKS_URL: httpUrl,
  STRIPE_API_KEY: z.string().regex(/^[sr]k_(test|live)_\w+$/, "expected 'sk_test_…' or 'sk_live_…'"),
  STRIPE_WEBHOOK_SECRET: z.string().regex(/^whsec_\w+$/, "expected 'whsec_…'"),
  /** Unset: Stripe itself. The same for the others. */
  STRIPE_API_URL: httpUrl.optional(),
  PAYPAL_CLIENT_ID: secret,
  PAYPAL_CLIENT_SECRET: secret,
  PAYPAL_WEBHOOK_ID: z.string().regex(/^[a-zA-Z0-9]{1,50}$/, 'expected letters and digits'),
  PAYPAL_API_URL: httpUrl.optional(),
  SQUARE_ACCESS_TOKEN: secret,
  SQUARE_WEBHOOK_SIGNATURE_KEY: secret,
  SQUARE_API_URL: httpUrl.optional(),
  /** Where Square sends its webhooks, as it was told to it. Unset: to us at PUBLIC_URL. */
  SQUARE_WEBHOOK_URL: httpUrl.optional(),
  /** The shop's address as its customers know it. */
  PUBLIC_URL: httpUrl.optional(),
});

export type Config = Omit<z.infer<typeof schema>, 'SQUARE_WEBHOOK_URL'> & { SQUARE_WEBHOOK_URL: string };

const GATEWAY_VARIABLE = /^(STRIPE|PAYPAL|SQUARE)_/;

/** @throws ConfigError naming every variable that is missing or wrong, and those for a gateway that nobody reads. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config => {
  const unknown = Object.keys(env).filter(
    (name) => GATEWAY_VARIABLE.test(name) && !Object.hasOwn(schema.shape, name),
  );
  if (unknown.length > 0) {
    throw new ConfigError(unknown.map((name) => `${name} is not known here; is it misspelt?`));
  }
  const config = parseEnv(schema, env);
  const url = config.SQUARE_WEBHOOK_URL ?? (config.PUBLIC_URL && `${config.PUBLIC_URL}/v1/webhooks/square`);
  if (!url) throw new ConfigError(['SQUARE_WEBHOOK_URL is not set, and it is needed without PUBLIC_URL']);
  return { ...config, SQUARE_WEBHOOK_URL: url };
};
