import {
  conflict,
  invalidRequest,
  type RateLimit,
  type Route,
  route,
  unauthorized,
} from '@platform/libs/http';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import type { Accounts } from '../application/accounts';
import { normaliseEmail } from '../domain/email';
import { PASSWORD_MAX, PASSWORD_MIN, passwordProblem } from '../domain/password';

export interface Limits {
  /** Per address. */
  registrations: Pick<RateLimit, 'windowMs' | 'limit'>;
  /** Failures, per address and account. */
  logins: Pick<RateLimit, 'windowMs' | 'limit'>;
}

export interface RouteDeps {
  accounts: Accounts;
  jwks: () => JSONWebKeySet;
  limits: Limits;
}

const user = z.object({ id: z.uuid(), email: z.string(), name: z.string() }).meta({ id: 'User' });
const session = z
  .object({
    accessToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresIn: z.int().meta({ description: 'Seconds' }),
  })
  .meta({ id: 'Session' });
const email = z.string().trim().max(254).pipe(z.email());

export function userRoutes({ accounts, jwks, limits }: RouteDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/users',
      summary: 'Register a customer',
      rateLimit: limits.registrations,
      body: z.strictObject({
        email,
        password: z.string().meta({
          description: `${PASSWORD_MIN} to ${PASSWORD_MAX} characters; what attackers try first is refused`,
          format: 'password',
        }),
        name: z
          .string()
          .trim()
          .min(1)
          .max(200)
          .regex(/^\P{Cc}*$/u, 'must not contain control characters'),
      }),
      responses: {
        201: { description: 'Registered', schema: user },
        400: { description: 'Not valid' },
        409: { description: 'The address has an account' },
        429: { description: 'Too many registrations from this address' },
      },
      handle: async ({ body }) => {
        const problem = passwordProblem(body.password, body.email);
        if (problem) throw invalidRequest([{ in: 'body', pointer: '#/password', detail: problem }]);
        const registered = await accounts.register(body);
        if (registered === 'taken') {
          throw conflict(
            'email-taken',
            'There is an account with this e-mail address: log in with POST /v1/sessions.',
          );
        }
        const { id, email, name } = registered;
        return { status: 201, headers: { location: '/v1/users/me' }, body: { id, email, name } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/sessions',
      summary: 'Log in',
      rateLimit: {
        ...limits.logins,
        failuresOnly: true,
        key: ({ body }) => normaliseEmail((body as { email: string }).email),
      },
      body: z.strictObject({ email, password: z.string().min(1).max(1000) }),
      responses: {
        201: { description: 'Logged in', schema: session },
        400: { description: 'Not valid' },
        401: { description: 'Address and password do not belong together' },
        429: { description: 'Too many failures for this account from this address' },
      },
      handle: async ({ body }) => {
        const issued = await accounts.login(body.email, body.password);
        if (!issued) throw unauthorized('wrong-credentials', 'The e-mail address or the password is wrong.');
        return {
          status: 201,
          headers: { 'cache-control': 'no-store' },
          body: { accessToken: issued.accessToken, tokenType: 'Bearer', expiresIn: issued.expiresIn },
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/users/me',
      summary: 'Who am I',
      auth: true,
      responses: {
        200: { description: 'The customer', schema: user },
        401: { description: 'No valid token' },
      },
      handle: async ({ principal }) => {
        const found = await accounts.find(principal.id);
        if (!found) throw unauthorized('account-gone', 'This account does not exist any more.');
        const { id, email, name } = found;
        return { headers: { 'cache-control': 'no-store' }, body: { id, email, name } };
      },
    }),
    route({
      method: 'get',
      path: '/.well-known/jwks.json',
      summary: 'The keys that verify access tokens',
      quiet: true,
      responses: { 200: { description: 'A JSON Web Key Set' } },
      handle: () => ({ headers: { 'cache-control': 'public, max-age=60' }, body: jwks() }),
    }),
  ];
}
