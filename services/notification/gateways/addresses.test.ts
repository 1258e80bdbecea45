import type { HttpClient } from '@platform/libs/resilience';
import { createAddresses } from './addresses';

type UpstreamAnswer = Awaited<ReturnType<HttpClient['request']>>;

const answer = (status: number, body?: unknown): UpstreamAnswer => ({ status, body });
const problem = (code: string) => ({ type: `urn:ecommerce-platform:problem:${code}` });

/** A user service of which each answer is said beforehand. */
const userService = (answers: UpstreamAnswer[], expiresIn = 900) => {
  const asked: { path: string; body?: unknown; authorization?: string }[] = [];
  let tokens = 0;
  let now = 0;
  const client: HttpClient = {
    async request(_method, path, { body, headers } = {}) {
      asked.push({ path, body, authorization: headers?.authorization });
      if (path === '/v1/oauth/token')
        return answer(200, { access_token: `t${++tokens}`, expires_in: expiresIn });
      return answers.shift() ?? answer(200, { email: 'jane@example.com' });
    },
  };
  const clock = { now: () => new Date(now).toISOString() };
  return {
    addresses: createAddresses({ client, credentials: { id: 'me', secret: 's' }, clock }),
    asked,
    wait(seconds: number) {
      now += seconds * 1000;
    },
  };
};

it('asks with a token of its own, which it uses until it ends', async () => {
  const { addresses, asked, wait } = userService([]);
  expect(await Promise.all([addresses('c/1'), addresses('c-2')])).toEqual(Array(2).fill('jane@example.com'));
  wait(880);
  await addresses('c-3');
  expect(asked.map(({ path, authorization }) => [path, authorization])).toEqual([
    ['/v1/oauth/token', undefined],
    ['/v1/users/c%2F1/contact', 'Bearer t1'],
    ['/v1/users/c-2/contact', 'Bearer t1'],
    ['/v1/oauth/token', undefined],
    ['/v1/users/c-3/contact', 'Bearer t2'],
  ]);
  expect(String(asked[0]?.body)).toBe(
    'grant_type=client_credentials&scope=users%3Acontact&client_id=me&client_secret=s',
  );
});

it('says that an account is gone only where the service itself says so', async () => {
  const { addresses } = userService([
    answer(404, problem('no-such-account')),
    answer(404, problem('not-found')),
  ]);
  expect(await addresses('c-1')).toBe('gone');
  await expect(addresses('c-1')).rejects.toMatchObject({ retriable: true });
});

it('gets another token when the one it has is refused', async () => {
  const { addresses, asked } = userService([answer(401)]);
  await expect(addresses('c-1')).rejects.toMatchObject({ retriable: true });
  expect(await addresses('c-1')).toBe('jane@example.com');
  expect(asked.at(-1)?.authorization).toBe('Bearer t2');
});
