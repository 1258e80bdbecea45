import { httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';
import { address } from './http/schemas';

/** What each carrier's contract gives us. All of a carrier's variables are set, or none: then it is not asked. */
const CREDENTIALS = {
  fedex: ['FEDEX_CLIENT_ID', 'FEDEX_CLIENT_SECRET', 'FEDEX_ACCOUNT_NUMBER'],
  ups: ['UPS_CLIENT_ID', 'UPS_CLIENT_SECRET', 'UPS_ACCOUNT_NUMBER'],
  dhl: ['DHL_USERNAME', 'DHL_PASSWORD', 'DHL_ACCOUNT_NUMBER'],
  usps: ['USPS_CLIENT_ID', 'USPS_CLIENT_SECRET', 'USPS_CRID', 'USPS_MID', 'USPS_ACCOUNT_NUMBER'],
} as const;
type Credential = (typeof CREDENTIALS)[keyof typeof CREDENTIALS][number];

const json = <S extends z.ZodType>(schema: S) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code');
const credentials = Object.fromEntries(
  Object.values(CREDENTIALS)
    .flat()
    .map((name) => [name, z.string().min(1).optional()]),
) as Record<Credential, z.ZodOptional<z.ZodString>>;
/** Unset: the carriers themselves. */
const addresses = {
  FEDEX_API_URL: httpUrl.default('https://apis.fedex.com'),
  UPS_API_URL: httpUrl.default('https://onlinetools.ups.com'),
  DHL_API_URL: httpUrl.default('https://express.api.dhl.com'),
  USPS_API_URL: httpUrl.default('https://apis.usps.com'),
};

const schema = z
  .object({
    ...serviceVariables('shipping-service', 3005),
    ...kafkaVariables,
    JWKS_URL: httpUrl,
    /** Where parcels set out, as JSON with the members of an address of the API. */
    SHIP_FROM: json(address),
    /** What the shop counts in. */
    SHOP_CURRENCY: currency.default('USD'),
    /** To compare quotes of several currencies: `{"date": "2026-10-01", "base": "USD", "rates": {"EUR": 0.92}}`. Unset: not compared. */
    EXCHANGE_RATES: json(
      z.strictObject({
        date: z.iso.date(),
        base: currency,
        rates: z.record(currency, z.number().positive()),
      }),
    ).optional(),
    /** How long a quote can be ordered by. */
    QUOTE_VALIDITY_SECONDS: z.coerce.number().int().min(60).max(86_400).default(3600),
    /** Between two looks at a parcel that moves. */
    TRACKING_SECONDS: z.coerce.number().int().min(1).max(86_400).default(900),
    ...credentials,
    ...addresses,
  })
  .superRefine((config, context) => {
    const complete = Object.entries(CREDENTIALS).filter(([, names]) => {
      const missing = names.filter((name) => config[name] === undefined);
      if (missing.length === names.length) return false;
      for (const name of missing) {
        const message = `belongs to ${names.join(', ')}: set all or none`;
        context.addIssue({ code: 'custom', path: [name], message });
      }
      return true;
    });
    if (complete.length === 0) {
      const message = 'and no other carrier either: set the variables of one at least';
      context.addIssue({ code: 'custom', path: ['FEDEX_CLIENT_ID'], message });
    }
  });

export type Config = z.infer<typeof schema>;
export type CarrierSettings = Pick<Config, Credential | keyof typeof addresses>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
