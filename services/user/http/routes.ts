import { type RateLimit, type Route, route } from '@platform/libs/http';
import type { JSONWebKeySet } from 'jose';
import type { Administration } from '../application/administration';
import { type AccountRoutesDeps, accountRoutes } from './account-routes';
import { type AdminRoutesDeps, adminRoutes } from './admin-routes';
import { type OAuthRoutesDeps, oauthRoutes } from './oauth-routes';
import { type SecondFactorRoutesDeps, secondFactorRoutes } from './second-factor-routes';
import { type SessionRoutesDeps, sessionRoutes } from './session-routes';

export interface Limits {
  /** Per address. */
  registrations: Pick<RateLimit, 'windowMs' | 'limit'>;
  /** Failures, per address and account. */
  logins: Pick<RateLimit, 'windowMs' | 'limit'>;
}

export type RouteDeps = Omit<
  AccountRoutesDeps & SecondFactorRoutesDeps & SessionRoutesDeps & OAuthRoutesDeps,
  'registrations' | 'proofs' | 'logins'
> & {
  administration: Administration;
  addressOf: AdminRoutesDeps['addressOf'];
  jwks: () => JSONWebKeySet;
  limits: Limits;
};

export function userRoutes({ administration, addressOf, jwks, limits, ...deps }: RouteDeps): Route[] {
  const { registrations, logins } = limits;
  return [
    ...accountRoutes({ ...deps, registrations, proofs: logins }),
    ...secondFactorRoutes({ ...deps, proofs: logins }),
    ...sessionRoutes({ ...deps, logins }),
    ...oauthRoutes({ ...deps, logins }),
    ...adminRoutes({ administration, addressOf }),
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
