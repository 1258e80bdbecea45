// A user service with a real database, its own keys and a clock that tests move. For tests only.
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres } from '@platform/libs/testing';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Secret, TOTP } from 'otpauth';
import request from 'supertest';
import { type AppDeps, createApp } from './app';
import { STEP_MS } from './domain/second-factor';
import { createHasher } from './security/hasher';
import { watchSigningKeys } from './security/signing-keys';
import { migrations } from './storage/migrations';

export const PASSWORD = 'a marker nobody may log';

export async function startUserService() {
  const lines: string[] = [];
  const logger = createLogger('test', { destination: { write: (line: string) => void lines.push(line) } });
  const postgres = await startPostgres();
  const pool = createPool({ url: postgres.url });
  await runMigrations({ pool, migrations, lockId: 1 });
  const folder = await mkdtemp(join(tmpdir(), 'user-keys-'));
  const keysFile = join(folder, 'keys.json');
  const privateKeys: JWK[] = [];
  for (const kid of ['k1', 'k2']) {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    privateKeys.push({ ...(await exportJWK(privateKey)), kid });
  }
  /** The running service sees it within 50 ms. */
  const writeKeys = async (active: string, keys: JWK[], modified: number): Promise<void> => {
    await writeFile(keysFile, JSON.stringify({ active, keys }));
    await utimes(keysFile, modified, modified);
  };
  await writeKeys('k1', privateKeys.slice(0, 1), 1000);
  const ring = await watchSigningKeys(keysFile, logger, 50);

  let offset = 0;
  const clock = { now: () => new Date(Date.now() + offset) };
  const deps = (more: Partial<AppDeps> = {}): AppDeps => ({
    ...{ pool, clock, logger, hasher: createHasher(), keys: ring.current, version: 'v1' },
    limits: { registrations: { windowMs: 60_000, limit: 1000 }, logins: { windowMs: 60_000, limit: 100 } },
    timeouts: { idleMs: 900_000, absoluteMs: 43_200_000 },
    encryptionKey: 'only for tests, only for tests, only for tests',
    publicUrl: 'http://127.0.0.1:8080',
    sources: [],
    ...more,
  });
  const createUserApp = (more?: Partial<AppDeps>) => createApp(deps(more));
  const app = createUserApp();
  const call = (method: 'get' | 'post' | 'put' | 'delete', path: string, token?: string, body?: object) => {
    const asking = request(app)[method](path);
    if (token !== undefined) asking.set('authorization', `Bearer ${token}`);
    return body === undefined ? asking : asking.send(body);
  };
  const register = (email: string, password = PASSWORD) =>
    call('post', '/v1/users', undefined, { email, password, name: 'Jane Doe' });
  const login = (email: string, more: { password?: string; code?: string } = {}) =>
    call('post', '/v1/sessions', undefined, { email, password: PASSWORD, ...more });

  return {
    ...{
      pool,
      lines,
      logger,
      clock,
      app,
      deps,
      createUserApp,
      ring,
      folder,
      keysFile,
      privateKeys,
      writeKeys,
    },
    ...{ call, register, login },
    /** Moves the clock on. */
    wait(ms: number) {
      offset += ms;
    },
    /** Registers and logs in. */
    async customer(email: string) {
      const { body: user } = await register(email);
      const { body: session } = await login(email);
      return { id: user.id as string, email, token: session.accessToken as string, session };
    },
    /** Gets a second factor for who holds the token. Its codes are those of the next step each time it is asked. */
    async enrol(token: string) {
      const { body: made } = await call('post', '/v1/users/me/mfa', token, { password: PASSWORD });
      const totp = new TOTP({ secret: Secret.fromBase32(made.secret) });
      const code = () => totp.generate({ timestamp: clock.now().getTime() });
      const next = () => {
        offset += STEP_MS;
        return code();
      };
      const { body } = await call('post', '/v1/users/me/mfa/confirmation', token, { code: code() });
      return { code, next, secret: made.secret as string, ...body } as {
        code: () => string;
        next: () => string;
        secret: string;
        recoveryCodes: string[];
        accessToken: string;
      };
    },
    /** Somebody of the given roles who has logged in with a second factor. */
    async staff(email: string, roles: string[]) {
      const { id } = await this.customer(email);
      await pool.query('update users set roles = $2 where id = $1', [id, roles]);
      const { next } = await this.enrol((await login(email)).body.accessToken);
      const { body: session } = await login(email, { code: next() });
      return { id, next, token: session.accessToken as string };
    },
    async stop() {
      ring.stop();
      await pool.end();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type UserService = Awaited<ReturnType<typeof startUserService>>;
