import { notFound, type RateLimit, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import type { Accounts } from '../application/accounts';
import type { Issued, Sessions } from '../application/sessions';
import { normaliseEmail } from '../domain/email';
import { refusalProblem, sessionEnded } from './problems';
import { code, email, idParams, openSession, password, session } from './schemas';

export interface SessionRoutesDeps {
  accounts: Pick<Accounts, 'authenticate'>;
  sessions: Sessions;
  /** Failures, per address and account. */
  logins: Pick<RateLimit, 'windowMs' | 'limit'>;
}

/** An answer that holds tokens. */
export const tokenAnswer = <T extends Issued>(status: number, { scopes, ...issued }: T) => ({
  status,
  headers: { 'cache-control': 'no-store' },
  body: { ...issued, tokenType: 'Bearer', scope: scopes.join(' ') },
});

export function sessionRoutes({ accounts, sessions, logins }: SessionRoutesDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/sessions',
      summary: 'Log in',
      rateLimit: {
        ...logins,
        failuresOnly: true,
        key: ({ body }) => normaliseEmail((body as { email: string }).email),
      },
      body: z.strictObject({ email, password, code: code.optional() }),
      responses: {
        201: { description: 'Logged in', schema: session },
        400: { description: 'Not valid' },
        401: { description: 'Address and password do not belong together, or the code is missing or wrong' },
        403: { description: 'The account is locked' },
        429: { description: 'Too many failures for this account' },
      },
      handle: async ({ body: { email, ...credentials } }) => {
        const proof = await accounts.authenticate(email, credentials);
        if (proof.outcome !== 'proved') throw refusalProblem(proof.outcome);
        return tokenAnswer(201, await sessions.start(proof.user, proof.methods));
      },
    }),
    route({
      method: 'post',
      path: '/v1/sessions/refresh',
      summary: 'Go on with a session',
      description:
        'Each refresh token is good for once and answered with the next. One that comes again ends the session: somebody ' +
        'else has it. A session also ends when it is not refreshed for a while.',
      body: z.strictObject({ refreshToken: z.string().min(1).max(200) }),
      responses: {
        200: { description: 'New tokens', schema: session },
        401: { description: 'The session has ended' },
      },
      handle: async ({ body }) => {
        const issued = await sessions.refresh(body.refreshToken);
        if (issued === 'refused') throw sessionEnded();
        return tokenAnswer(200, issued);
      },
    }),
    route({
      method: 'get',
      path: '/v1/sessions',
      summary: 'List my sessions',
      scope: 'account:read',
      responses: {
        200: { description: 'Newest first', schema: z.object({ items: z.array(openSession) }) },
        401: { description: 'No valid token' },
        403: { description: 'The token does not allow this' },
      },
      handle: async ({ principal }) => {
        const items = (await sessions.list(principal.id)).map(
          ({ id, clientId, createdAt, lastUsedAt, expiresAt }) => ({
            ...{ id, current: id === principal.sessionId, client: clientId },
            ...{ createdAt, lastUsedAt, expiresAt },
          }),
        );
        return { headers: { 'cache-control': 'no-store' }, body: { items } };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/sessions/current',
      summary: 'Log out',
      description:
        'The access token in hand ends by itself within a quarter of an hour; no new one is given.',
      scope: 'account:write',
      responses: {
        204: { description: 'Logged out' },
        401: { description: 'No valid token' },
        403: { description: 'The token does not allow this' },
      },
      handle: async ({ principal }) => {
        if (principal.sessionId) await sessions.end(principal.id, principal.sessionId);
        return { status: 204 };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/sessions/:id',
      summary: 'End a session of mine',
      scope: 'account:write',
      params: idParams,
      responses: {
        204: { description: 'Ended' },
        401: { description: 'No valid token' },
        403: { description: 'The token does not allow this' },
        404: { description: 'There is no such session of yours' },
      },
      handle: async ({ params, principal }) => {
        if (!(await sessions.end(principal.id, params.id)))
          throw notFound('There is no such session of yours.');
        return { status: 204 };
      },
    }),
  ];
}
