import { z } from 'zod';
import { PASSWORD_MAX, PASSWORD_MIN } from '../domain/password';
import { ROLES } from '../domain/permissions';

export const email = z.string().trim().max(254).pipe(z.email());
export const newPassword = z.string().meta({
  description: `${PASSWORD_MIN} to ${PASSWORD_MAX} characters; what attackers try first is refused`,
  format: 'password',
});
/** What somebody shows; never judged by the rules for new passwords. */
export const password = z.string().min(1).max(1000).meta({ format: 'password' });
export const code = z.string().trim().min(6).max(40).meta({
  description: 'Six digits of the authenticator app, or a recovery code. Needed once a second factor is on.',
});
export const proof = z.strictObject({ password, code: code.optional() });
export const personName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, 'must not contain control characters');
export const idParams = z.strictObject({ id: z.uuid() });

const seconds = z.int().meta({ description: 'Seconds' });
const at = z.iso.datetime();

export const user = z.object({ id: z.uuid(), email: z.string(), name: z.string() }).meta({ id: 'User' });

export const accessToken = z
  .object({ accessToken: z.string(), tokenType: z.literal('Bearer'), expiresIn: seconds, scope: z.string() })
  .meta({ id: 'AccessToken' });

export const session = accessToken
  .extend({
    refreshToken: z.string().meta({ description: 'For one POST /v1/sessions/refresh' }),
    refreshExpiresIn: seconds.meta({ description: 'Seconds; refresh while you are active' }),
  })
  .meta({ id: 'Session' });

export const openSession = z
  .object({
    id: z.uuid(),
    current: z.boolean(),
    client: z.string().optional(),
    createdAt: at,
    lastUsedAt: at,
    expiresAt: at,
  })
  .meta({ id: 'OpenSession' });

export const account = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    locked: z.boolean(),
    createdAt: at,
  })
  .meta({ id: 'Account' });

export const roles = z
  .array(z.enum(ROLES))
  .max(ROLES.length)
  .transform((all) => [...new Set(all)]);
