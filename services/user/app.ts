import { randomUUID } from 'node:crypto';
import { type Authenticator, authenticate, createHttpApp } from '@platform/libs/http';
import type { Pool } from '@platform/libs/postgres';
import { instruments, type Logger } from '@platform/libs/telemetry';
import type { Express } from 'express';
import { createAccounts } from './application/accounts';
import { createAdministration } from './application/administration';
import { createAuthorisation } from './application/authorisation';
import { type Clock, type PasswordHasher, systemClock } from './application/ports';
import { createPrivacy, type PersonalDataSource } from './application/privacy';
import { createSecondFactors } from './application/second-factors';
import { createSessions, type Sessions } from './application/sessions';
import type { Timeouts } from './domain/session';
import { sessionEnded } from './http/problems';
import { type Limits, userRoutes } from './http/routes';
import { createSecretBox } from './security/secret-box';
import type { SigningKeys } from './security/signing-keys';
import { createTokenIssuer, localKeySet } from './security/tokens';
import { createTotp } from './security/totp';
import { createAdministrationStore } from './storage/administration';
import { createAuthorisationStore } from './storage/clients';
import { createPrivacyStore } from './storage/privacy';
import { createSecondFactorStore } from './storage/second-factors';
import { createSessionStore } from './storage/sessions';
import { createUserStore } from './storage/users';

export interface AppDeps {
  pool: Pool;
  hasher: PasswordHasher;
  keys: () => SigningKeys;
  limits: Limits;
  timeouts: Timeouts;
  /** Encrypts the secrets of second factors. */
  encryptionKey: string;
  /** The shop's address as its customers know it. */
  publicUrl: string;
  /** Other services that keep something about a person. */
  sources: PersonalDataSource[];
  logger: Logger;
  version: string;
  clock?: Clock;
}

export function createApp(deps: AppDeps): Express {
  const { pool, hasher, keys, timeouts, sources, logger, clock = systemClock } = deps;
  const newId = randomUUID;
  const tokens = createTokenIssuer(keys);
  const factors = createSecondFactors({
    ...{ clock, codes: createTotp(), box: createSecretBox(deps.encryptionKey) },
    store: createSecondFactorStore(pool),
  });
  const users = createUserStore(pool);
  const accounts = createAccounts({
    ...{ hasher, factors, newId, users },
    onRegistered: () => instruments().customersRegistered.add(1),
  });
  const sessionStore = createSessionStore(pool);
  const sessions = createSessions({ store: sessionStore, tokens, timeouts, clock, newId, logger });
  return createHttpApp({
    name: 'user',
    version: deps.version,
    routes: userRoutes({
      ...{ accounts, factors, sessions, limits: deps.limits, publicUrl: deps.publicUrl },
      administration: createAdministration({ store: createAdministrationStore(pool), hasher, clock, newId }),
      authorisation: createAuthorisation({
        ...{ accounts, sessions, tokens, clock, newId, store: createAuthorisationStore(pool) },
      }),
      privacy: createPrivacy({ store: createPrivacyStore(pool), sources, clock }),
      addressOf: async (id) => (await users.byId(id))?.email,
      jwks: () => keys().jwks,
    }),
    // Not the broker: what it is to hear waits in the outbox, and people can log in without it.
    ready: { database: () => pool.query('select 1') },
    logger,
    authenticator: authenticateSession(keys, sessions),
  });
}

/** Elsewhere a token is good until it expires; here, where sessions are at hand, it ends together with its session. */
const authenticateSession = (keys: () => SigningKeys, sessions: Sessions): Authenticator => {
  const verify = authenticate({ keys: localKeySet(keys) });
  return async (request) => {
    const principal = await verify(request);
    const { id, sessionId } = principal;
    if (sessionId !== undefined && !(await sessions.isLive(sessionId, id))) throw sessionEnded();
    return principal;
  };
};
