// The commands of a rotation, by a shell on a real server, as the Jobs run them.
import { execFile } from 'node:child_process';
import { startRedis, type TestRedis } from '@platform/libs/testing';
import { redisSteps } from '../../infra/stacks/rotation';

jest.setTimeout(60_000);

let server: TestRedis;
beforeEach(async () => {
  server = await startRedis();
});
afterEach(() => server?.stop());

const shell = (script: string, env: Record<string, string>) =>
  new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const all = { ...process.env, REDIS_HOST: hostname, REDIS_PORT: port, ...env };
    execFile('/bin/sh', ['-ec', script], { env: all }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr, { cause: error })) : resolve(stdout),
    );
  });

const passwords = { PREVIOUS: 'previous0password', CURRENT: 'current0password' };
const ask = (command: string, password: string) =>
  shell(`echo "${command}" | redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" --no-auth-warning 2>&1`, {
    REDISCLI_AUTH: password,
  });
const ping = async (password: string) => (await ask('PING', password)).includes('PONG');

test('the next password is let in beside the last, and the last shut out afterwards, however often', async () => {
  await shell('redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" CONFIG SET requirepass "$PREVIOUS"', passwords);
  for (const _ of ['once', 'and again']) {
    await shell(redisSteps.admit, passwords);
    expect([await ping(passwords.PREVIOUS), await ping(passwords.CURRENT)]).toEqual([true, true]);
  }
  for (const _ of ['once', 'and again']) {
    await shell(redisSteps.withdraw, passwords);
    expect([await ping(passwords.PREVIOUS), await ping(passwords.CURRENT)]).toEqual([false, true]);
  }
});

test('a server that knows neither password is an error that repeats none', async () => {
  await shell('redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" CONFIG SET requirepass another0password', {});
  const refused = shell(redisSteps.admit, passwords).catch((error: Error) => error.message);
  expect(await refused).toMatch(/redis refuses/);
  expect(await refused).not.toMatch(/0password/);
});
