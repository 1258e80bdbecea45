import { hash, verify } from '@node-rs/argon2';
import { limitConcurrency } from '@platform/libs/resilience';
import type { PasswordHasher } from '../application/ports';

/** OWASP's first choice of parameters: 19 MiB, two passes, one lane. */
const PARAMETERS = { algorithm: 2 /* argon2id */, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const CURRENT = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`;

/** Keyboards differ in how they write the same letter; the same password is the same text (NIST SP 800-63B-4, 3.1.1.2). */
const normalise = (password: string): string => password.normalize('NFKC');

/** Each hash takes a thread and 19 MiB for some 30 ms: four at a time, and a queue that empties within seconds. */
export function createHasher(limits = { atOnce: 4, waiting: 100 }): PasswordHasher {
  const limited = limitConcurrency('password checking', limits);
  return {
    hash: (password) => limited(() => hash(normalise(password), PARAMETERS)),
    verify: (stored, password) => limited(() => verify(stored, normalise(password))),
    outdated: (stored) => !stored.startsWith(CURRENT),
  };
}
