import { readFile, stat } from 'node:fs/promises';
import type { Logger } from '@platform/libs/telemetry';
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { z } from 'zod';

const file = z.object({
  active: z.string().min(1),
  keys: z
    .array(
      z.looseObject({
        kid: z.string().min(1),
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        x: z.string(),
        y: z.string(),
        d: z.string(),
      }),
    )
    .min(1),
});

export interface SigningKeys {
  active: { kid: string; key: CryptoKey };
  /** Public halves of all keys: what verifiers accept. */
  jwks: { keys: JWK[] };
}

/** The key file cannot be used. Never tells what stands in it. */
export class SigningKeysError extends Error {
  readonly code = 'SIGNING_KEYS_INVALID';
  readonly retriable = false;
  readonly hint =
    'JWT_SIGNING_KEYS_FILE must name a file {"active": "<kid>", "keys": [<private EC P-256 JWK with kid>, …]} that holds the active key.';
  constructor(path: string, reason: string) {
    super(`The signing keys in ${path} cannot be used: ${reason}`);
    this.name = 'SigningKeysError';
  }
}

/** @throws SigningKeysError */
export async function readSigningKeys(path: string): Promise<SigningKeys> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new SigningKeysError(path, `the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return parseSigningKeys(text, path);
}

export async function parseSigningKeys(text: string, path = 'the file'): Promise<SigningKeys> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new SigningKeysError(path, 'it is not JSON');
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new SigningKeysError(path, `${issue?.path.join('.') || 'root'}: ${issue?.message}`);
  }
  const { active, keys } = parsed.data;
  const signing = keys.find(({ kid }) => kid === active);
  if (!signing) throw new SigningKeysError(path, `no key has the id '${active}' that is named active`);
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length)
    throw new SigningKeysError(path, 'two keys share an id');
  try {
    const key = (await importJWK(signing, 'ES256')) as CryptoKey;
    const jwks = keys.map(
      ({ kid, kty, crv, x, y }): JWK => ({ kid, kty, crv, x, y, alg: 'ES256', use: 'sig' }),
    );
    await Promise.all(jwks.map((jwk) => calculateJwkThumbprint(jwk)));
    return { active: { kid: active, key }, jwks: { keys: jwks } };
  } catch {
    throw new SigningKeysError(path, 'a key is no valid EC P-256 key');
  }
}

export interface KeyRing {
  current(): SigningKeys;
  stop(): void;
}

/**
 * Looks at the file now and then (a mounted secret changes in place) and takes new keys over without a restart. A file
 * that cannot be used is reported, and the keys in use stay.
 * @throws SigningKeysError when it cannot be used at the start.
 */
export async function watchSigningKeys(path: string, logger: Logger, everyMs = 10_000): Promise<KeyRing> {
  let keys = await readSigningKeys(path);
  let seen = (await stat(path)).mtimeMs;
  const look = async (): Promise<void> => {
    const { mtimeMs } = await stat(path);
    if (mtimeMs === seen) return;
    seen = mtimeMs;
    keys = await readSigningKeys(path);
    logger.info({ active: keys.active.kid, keys: keys.jwks.keys.length }, 'signing keys were rotated');
  };
  const timer = setInterval(() => {
    look().catch((error) =>
      logger.error({ err: error }, 'new signing keys cannot be used, keeping the old ones'),
    );
  }, everyMs);
  timer.unref();
  return { current: () => keys, stop: () => clearInterval(timer) };
}
