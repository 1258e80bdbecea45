import { randomUUID } from 'node:crypto';
import { authenticate, createHttpApp } from '@platform/libs/http';
import type { Pool } from '@platform/libs/postgres';
import { instruments, type Logger } from '@platform/libs/telemetry';
import type { Express } from 'express';
import { createAccounts, type PasswordHasher } from './application/accounts';
import { type Limits, userRoutes } from './http/routes';
import type { SigningKeys } from './security/signing-keys';
import { createTokenIssuer, localKeySet } from './security/tokens';
import { createUserStore } from './storage/users';

export interface AppDeps {
  pool: Pool;
  hasher: PasswordHasher;
  keys: () => SigningKeys;
  limits: Limits;
  logger: Logger;
  version: string;
}

export function createApp({ pool, hasher, keys, limits, logger, version }: AppDeps): Express {
  const accounts = createAccounts({
    users: createUserStore(pool),
    hasher,
    tokens: createTokenIssuer(keys),
    newId: randomUUID,
    onRegistered: () => instruments().customersRegistered.add(1),
  });
  return createHttpApp({
    name: 'user',
    version,
    routes: userRoutes({ accounts, jwks: () => keys().jwks, limits }),
    // No broker here: this service neither publishes nor consumes, so it does not need one to be ready.
    ready: { database: () => pool.query('select 1') },
    logger,
    authenticator: authenticate({ keys: localKeySet(keys) }),
  });
}
