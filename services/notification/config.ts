import { httpUrl, kafkaVariables, parseEnv, serviceVariables } from '@platform/libs/config';
import { z } from 'zod';

const address = z.email('must be an e-mail address');
const sender = z
  .string()
  .regex(/^([^<>\r\n"]+ )?<?[^\s<>@]+@[\w.-]+>?$/, 'must be an address, or: Name <address>');

const schema = z
  .object({
    ...serviceVariables('notification-service', 3007),
    ...kafkaVariables,
    JWKS_URL: httpUrl,
    USER_SERVICE_URL: httpUrl,
    /** Of the OAuth client `notification-service`, by which addresses are asked for. */
    OAUTH_CLIENT_SECRET: z.string().min(32, 'must have 32 random characters or more'),
    /** smtp://host:port or smtps://host:port, without a login. Unset: no mail is sent. */
    SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be a URL like smtps://host:465' }).optional(),
    /** `none` only where something else encrypts; then nobody logs in. */
    SMTP_TLS: z.enum(['required', 'none']).default('required'),
    SMTP_USERNAME: z.string().min(1).optional(),
    SMTP_PASSWORD: z.string().min(1).optional(),
    /** Whom mails are from. */
    MAIL_FROM: sender.optional(),
    /** Where staff is told by mail. Unset: it is not. */
    STAFF_EMAIL: address.optional(),
    /** Where staff is told by webhook. Unset: it is not. */
    STAFF_WEBHOOK_URL: httpUrl.optional(),
    /** Signs what is sent there: `whsec_` and 24 random bytes or more in base64. */
    STAFF_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and 32 or more letters of base64')
      .optional(),
    /** Tries before a notification is given up. */
    SEND_ATTEMPTS: z.coerce.number().int().min(1).max(100).default(16),
  })
  .superRefine((config, context) => {
    const demand = (name: keyof typeof config, wrong: boolean, message: string) => {
      if (wrong) context.addIssue({ code: 'custom', path: [name], message });
    };
    const { SMTP_URL, SMTP_USERNAME, SMTP_PASSWORD } = config;
    demand('MAIL_FROM', SMTP_URL !== undefined && !config.MAIL_FROM, 'SMTP_URL needs it');
    const half = (SMTP_USERNAME === undefined) !== (SMTP_PASSWORD === undefined);
    demand('SMTP_PASSWORD', half, 'belongs to SMTP_USERNAME: set both or neither');
    const login = SMTP_URL !== undefined && new URL(SMTP_URL).username !== '';
    demand('SMTP_URL', login, 'must hold no login; that goes to SMTP_USERNAME and SMTP_PASSWORD');
    const { STAFF_EMAIL, STAFF_WEBHOOK_URL, STAFF_WEBHOOK_SECRET } = config;
    demand('STAFF_EMAIL', STAFF_EMAIL !== undefined && !SMTP_URL, 'needs SMTP_URL');
    const unsigned = STAFF_WEBHOOK_URL !== undefined && !STAFF_WEBHOOK_SECRET;
    demand('STAFF_WEBHOOK_SECRET', unsigned, 'STAFF_WEBHOOK_URL needs it');
  });

export type Config = z.infer<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export const readConfig = (env: Record<string, string | undefined> = process.env): Config =>
  parseEnv(schema, env);
