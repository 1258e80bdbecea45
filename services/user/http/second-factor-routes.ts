import { conflict, type RateLimit, type Route, route } from '@platform/libs/http';
import { z } from 'zod';
import type { Accounts } from '../application/accounts';
import type { SecondFactors } from '../application/second-factors';
import type { Sessions } from '../application/sessions';
import { isStaff } from '../domain/permissions';
import { accountGone, refusalProblem, sessionEnded } from './problems';
import { accessToken, code, proof } from './schemas';
import { tokenAnswer } from './session-routes';

export interface SecondFactorRoutesDeps {
  accounts: Accounts;
  factors: SecondFactors;
  sessions: Pick<Sessions, 'stepUp' | 'endAll'>;
  proofs: Pick<RateLimit, 'windowMs' | 'limit'>;
}

export function secondFactorRoutes({ accounts, factors, sessions, proofs }: SecondFactorRoutesDeps): Route[] {
  const guarded: RateLimit = { ...proofs, failuresOnly: true, key: ({ principal }) => principal?.id ?? '' };
  const demandProof = async (id: string, credentials: { password: string; code?: string }) => {
    const proof = await accounts.authenticateAgain(id, credentials);
    if (proof.outcome !== 'proved') throw refusalProblem(proof.outcome, { again: true });
    return proof.user;
  };
  return [
    route({
      method: 'post',
      path: '/v1/users/me/mfa',
      summary: 'Get a second factor',
      description: 'A secret for an authenticator app. It counts only once it is confirmed.',
      scope: 'mfa:enrol',
      rateLimit: guarded,
      body: proof,
      responses: {
        201: {
          description: 'Show uri as a QR code, or secret as text; neither is shown again',
          schema: z.object({ secret: z.string(), uri: z.string() }),
        },
        401: { description: 'No valid token' },
        403: { description: 'The password is wrong' },
        409: { description: 'There is a second factor' },
        429: { description: 'Too many failures' },
      },
      handle: async ({ body, principal }) => {
        const made = await factors.enrol(await demandProof(principal.id, body));
        if (made === 'confirmed') {
          throw conflict('second-factor-exists', 'There is a second factor: remove it first.');
        }
        return { status: 201, headers: { 'cache-control': 'no-store' }, body: made };
      },
    }),
    route({
      method: 'post',
      path: '/v1/users/me/mfa/confirmation',
      summary: 'Confirm my second factor with its first code',
      description: 'From now on a log-in needs a code. Ends all my other sessions.',
      scope: 'mfa:enrol',
      body: z.strictObject({ code }),
      responses: {
        200: {
          description:
            'Recovery codes, each for one log-in without the app, and a token that knows of the factor',
          schema: accessToken.extend({ recoveryCodes: z.array(z.string()) }),
        },
        401: { description: 'No valid token' },
        403: { description: 'The code is wrong' },
        409: { description: 'There is nothing to confirm' },
        429: { description: 'Too many wrong codes' },
      },
      handle: async ({ body, principal }) => {
        const outcome = await factors.confirm(principal.id, body.code);
        if (outcome === 'none') throw conflict('nothing-to-confirm', 'Begin with POST /v1/users/me/mfa.');
        if (typeof outcome === 'string') throw refusalProblem(`code-${outcome}`, { again: true });
        await sessions.endAll(principal.id, principal.sessionId);
        const issued = principal.sessionId ? await sessions.stepUp(principal.sessionId, 'otp') : 'refused';
        if (issued === 'refused') throw sessionEnded();
        return tokenAnswer(200, { ...issued, recoveryCodes: outcome });
      },
    }),
    route({
      method: 'post',
      path: '/v1/users/me/mfa/removal',
      summary: 'Do without a second factor',
      description: 'Staff cannot.',
      scope: 'account:write',
      rateLimit: guarded,
      body: proof,
      responses: {
        204: { description: 'Removed' },
        401: { description: 'No valid token' },
        403: { description: 'The password or the code is wrong' },
        409: { description: 'Staff must have one' },
        429: { description: 'Too many failures' },
      },
      handle: async ({ body, principal }) => {
        const { id } = await demandProof(principal.id, body);
        const user = await accounts.find(id);
        if (!user) throw accountGone();
        if (isStaff(user.roles)) throw conflict('second-factor-needed', 'Staff must have a second factor.');
        await factors.remove(id);
        return { status: 204 };
      },
    }),
  ];
}
