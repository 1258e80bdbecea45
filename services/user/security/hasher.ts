import { hash, verify } from '@node-rs/argon2';
import { limitConcurrency } from '@platform/libs/resilience';
import type { PasswordHasher } from '../application/accounts';

/** OWASP's first choice of parameters: 19 MiB, two passes, one lane. */
const PARAMETERS = { algorithm: 2 /* argon2id */, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const CURRENT = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`;

/** Each hash takes a thread and 19 MiB for some 30 ms: four at a time, and a queue that empties within seconds. */
export function createHasher(limits = { atOnce: 4, waiting: 100 }): PasswordHasher {
  const limited = limitConcurrency('password checking', limits);
  return {
    hash: (password) => limited(() => hash(password, PARAMETERS)),
    verify: (stored, password) => limited(() => verify(stored, password)),
    outdated: (stored) => !stored.startsWith(CURRENT),
  };
}
