import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Pool } from '@platform/libs/postgres';
import { z } from 'zod';
import { createAdministration } from './application/administration';
import { registerClient } from './application/authorisation';
import { systemClock } from './application/ports';
import { GRANTS } from './domain/oauth';
import { passwordProblem } from './domain/password';
import { email } from './http/schemas';
import { createHasher } from './security/hasher';
import { createAdministrationStore } from './storage/administration';
import { createAuthorisationStore } from './storage/clients';

export interface CommandParts {
  pool: Pool;
  args: string[];
  /** Secrets come in here, never as arguments: those can be seen by everybody on the machine. */
  input?: NodeJS.ReadableStream;
  print?: (line: string) => void;
}

/** The command was used wrongly: says what is wrong and how it is used. */
export class CommandError extends Error {
  readonly code = 'COMMAND_REFUSED';
  readonly retriable = false;
}

const show = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** `main.js create-admin EMAIL`, the password on stdin. Works once: further admins are made by the first. */
export async function createAdminCommand({ pool, args, input = process.stdin, print = show }: CommandParts) {
  const address = email.safeParse(args[0]);
  if (!address.success) {
    throw new CommandError('Usage: create-admin EMAIL, and the password on standard input');
  }
  const password = (await text(input)).replace(/\r?\n$/, '');
  const problem = passwordProblem(password, address.data);
  if (problem) throw new CommandError(`The password on standard input ${problem}`);
  const administration = createAdministration({
    ...{ store: createAdministrationStore(pool), hasher: createHasher() },
    ...{ clock: systemClock, newId: randomUUID },
  });
  const outcome = await administration.createFirstAdmin({ email: address.data, password });
  if (outcome === 'exists') throw new CommandError('There is an administrator already; ask them for a role');
  if (outcome === 'taken') throw new CommandError('There is an account with this address; use another one');
  print('The administrator can log in now, and must then get a second factor: POST /v1/users/me/mfa');
}

const client = z.strictObject({
  id: z.string().regex(/^[\w.-]{1,64}$/),
  name: z.string().min(1).max(100),
  redirectUris: z.array(z.string()).default([]),
  grants: z.array(z.enum(GRANTS)).min(1),
  scopes: z.array(z.string()).min(1),
  /** Whether it can keep a secret; machines must. */
  confidential: z.boolean(),
});

/** `main.js create-client JSON`: registers an OAuth client, and prints its secret, this once, if it has one. */
export async function createClientCommand({ pool, args, print = show }: CommandParts) {
  const parsed = client.safeParse(parse(args[0] ?? ''));
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'JSON'}: ${message}`);
    throw new CommandError(
      `Usage: create-client '{"id", "name", "redirectUris", "grants", "scopes", "confidential"}'\n  ${wrong.join('\n  ')}`,
    );
  }
  const { confidential, ...wanted } = parsed.data;
  const store = createAuthorisationStore(pool);
  const { secret } = await registerClient({ store, clock: systemClock }, wanted, { confidential });
  print(JSON.stringify({ client_id: wanted.id, ...(secret !== undefined && { client_secret: secret }) }));
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
