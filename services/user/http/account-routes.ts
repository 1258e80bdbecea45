import { conflict, type RateLimit, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import type { Accounts } from '../application/accounts';
import type { Privacy } from '../application/privacy';
import type { Sessions } from '../application/sessions';
import { accountGone, demandGoodPassword, lastAdmin, refusalProblem } from './problems';
import { code, email, newPassword, password, personName, proof, user } from './schemas';

export interface AccountRoutesDeps {
  accounts: Accounts;
  sessions: Sessions;
  privacy: Privacy;
  registrations: Pick<RateLimit, 'windowMs' | 'limit'>;
  /** Failures, per address and account. */
  proofs: Pick<RateLimit, 'windowMs' | 'limit'>;
}

const NO_STORE = { 'cache-control': 'no-store' };

export function accountRoutes(deps: AccountRoutesDeps): Route[] {
  const { accounts, sessions, privacy, registrations, proofs } = deps;
  const guarded: RateLimit = { ...proofs, failuresOnly: true, key: ({ principal }) => principal?.id ?? '' };
  return [
    route({
      method: 'post',
      path: '/v1/users',
      summary: 'Register a customer',
      rateLimit: registrations,
      body: z.strictObject({ email, password: newPassword, name: personName }),
      responses: {
        201: { description: 'Registered', schema: user },
        400: { description: 'Not valid' },
        409: { description: 'The address has an account' },
        429: { description: 'Too many registrations from this address' },
      },
      handle: async ({ body }) => {
        demandGoodPassword(body.password, body.email, '#/password');
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
      method: 'get',
      path: '/v1/users/me',
      summary: 'Who am I',
      scope: 'account:read',
      responses: {
        200: { description: 'The customer', schema: user },
        401: { description: 'No valid token' },
        403: { description: 'The token does not allow this' },
      },
      handle: async ({ principal }) => {
        const found = await accounts.find(principal.id);
        if (!found) throw accountGone();
        const { id, email, name } = found;
        return { headers: NO_STORE, body: { id, email, name } };
      },
    }),
    route({
      method: 'put',
      path: '/v1/users/me/password',
      summary: 'Change my password',
      description: 'Ends all my other sessions.',
      scope: 'account:write',
      rateLimit: guarded,
      body: z.strictObject({ currentPassword: password, code: code.optional(), newPassword }),
      responses: {
        204: { description: 'Changed' },
        400: { description: 'The new password may not be chosen' },
        401: { description: 'No valid token' },
        403: { description: 'The current password or the code is wrong' },
        429: { description: 'Too many failures' },
      },
      handle: async ({ body, principal }) => {
        const { currentPassword, code, newPassword } = body;
        const proof = await accounts.authenticateAgain(principal.id, { password: currentPassword, code });
        if (proof.outcome !== 'proved') throw refusalProblem(proof.outcome, { again: true });
        demandGoodPassword(newPassword, proof.user.email, '#/newPassword');
        await accounts.changePassword(principal.id, newPassword);
        await sessions.endAll(principal.id, principal.sessionId);
        return { status: 204 };
      },
    }),
    route({
      method: 'get',
      path: '/v1/users/me/personal-data',
      summary: 'Everything the shop keeps about me',
      description:
        'For machines to read (GDPR, article 20): account, orders, payments. All of it or an error.',
      scope: 'account:read',
      responses: {
        200: { description: 'One member per service', schema: z.looseObject({ exportedAt: z.string() }) },
        401: { description: 'No valid token' },
        403: { description: 'The token does not allow this' },
        503: { description: 'A service that keeps something cannot be asked now' },
      },
      handle: async ({ principal, request }) => {
        const data = await privacy.export(principal.id, request.headers.authorization ?? '');
        if (!data) throw accountGone();
        return {
          headers: { ...NO_STORE, 'content-disposition': 'attachment; filename="personal-data.json"' },
          body: data,
        };
      },
    }),
    route({
      method: 'post',
      path: '/v1/users/me/erasure',
      summary: 'Erase me',
      description:
        'At once and for good (GDPR, article 17): the account is anonymised here; orders and payments are kept as the law ' +
        'demands, without a tie to a person.',
      scope: 'account:write',
      rateLimit: guarded,
      body: proof,
      responses: {
        204: { description: 'Erased' },
        401: { description: 'No valid token' },
        403: { description: 'The password or the code is wrong' },
        409: { description: 'This is the last administrator' },
        429: { description: 'Too many failures' },
      },
      handle: async ({ body, principal }) => {
        const proof = await accounts.authenticateAgain(principal.id, body);
        if (proof.outcome !== 'proved') throw refusalProblem(proof.outcome, { again: true });
        const outcome = await privacy.erase(principal.id);
        if (outcome === 'last-admin') throw lastAdmin();
        if (outcome === 'unknown') throw accountGone();
        return { status: 204 };
      },
    }),
  ];
}
