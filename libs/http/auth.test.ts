import type { IncomingMessage } from 'node:http';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { authenticate, TOKEN_AUDIENCE, TOKEN_ISSUER } from './auth';

afterEach(() => jest.useRealTimers());

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } }) as IncomingMessage;

/** An authenticator and how often it has looked for a key. */
const setUp = async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const local = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] });
  let looks = 0;
  const authenticator = authenticate({
    keys: (header, token) => {
      looks++;
      return local(header, token);
    },
  });
  const sign = (seconds: number) =>
    new SignJWT({ roles: ['customer'], scope: 'orders:read' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setSubject('u-1')
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(privateKey);
  return { authenticator, sign, looks: () => looks };
};
const advance = (ms: number) => jest.advanceTimersByTime(ms);

test('a token that was good is not looked at again for a minute', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  const { authenticator, sign, looks } = await setUp();
  const token = await sign(900);
  expect(await authenticator(bearer(token))).toEqual(await authenticator(bearer(token)));
  expect(looks()).toBe(1);
  advance(61_000);
  await authenticator(bearer(token));
  expect(looks()).toBe(2);
});

test('a token that was good is refused once it has expired', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  const { authenticator, sign } = await setUp();
  const token = await sign(20);
  await authenticator(bearer(token));
  advance(26_000);
  await expect(authenticator(bearer(token))).rejects.toMatchObject({ status: 401, code: 'token-expired' });
});

test('a token that was refused is looked at again', async () => {
  const { authenticator, sign, looks } = await setUp();
  const forged = `${await sign(900)}x`;
  for (let tries = 0; tries < 2; tries++) {
    await expect(authenticator(bearer(forged))).rejects.toMatchObject({ status: 401 });
  }
  expect(looks()).toBe(2);
});
