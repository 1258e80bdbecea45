// Walks every operation of every service's own OpenAPI document: what is open is listed here, everything else must refuse.
import type { Express } from 'express';
import request from 'supertest';
import { loadCatalogue } from '../../infra/catalog/load';
import { ALL_SCOPES } from '../../services/user/domain/permissions';
import { type Operation, startApps } from './apps';

jest.setTimeout(120_000);

/** Whoever makes a route open to everybody adds it here, and thereby says so. */
const OPEN = [
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /v1/oauth/authorize',
  'GET /v1/products',
  'GET /v1/products/{id}',
  'POST /v1/oauth/authorize',
  'POST /v1/oauth/revoke',
  'POST /v1/oauth/token',
  'POST /v1/sessions',
  'POST /v1/sessions/refresh',
  'POST /v1/users',
  'POST /v1/webhooks/paypal',
  'POST /v1/webhooks/square',
  'POST /v1/webhooks/stripe',
];

const catalogue = loadCatalogue('production');
let { apps, operations, token, stop } = {} as Awaited<ReturnType<typeof startApps>>;
beforeAll(async () => {
  ({ apps, operations, token, stop } = await startApps());
}, 120_000);
afterAll(() => stop?.());

const nameOf = ({ method, path }: Operation) => `${method.toUpperCase()} ${path}`;
const ask = ({ service, method, path }: Operation, bearer?: string) => {
  const filled = path.replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000001');
  const asking = request(apps[service] as Express)[method](filled);
  return bearer === undefined ? asking : asking.set('authorization', `Bearer ${bearer}`);
};
/** What each operation answered that answered something else. */
const others = async (
  those: Operation[],
  bearer: (one: Operation) => Promise<string | undefined>,
  fits: (status: number) => boolean,
) => {
  const wrong: string[] = [];
  for (const one of those) {
    const { status } = await ask(one, await bearer(one));
    if (!fits(status)) wrong.push(`${nameOf(one)} answered ${status}`);
  }
  return wrong;
};
const guarded = () => operations.filter(({ scope }) => scope !== undefined);

/** Whether the front door lets it in: of the routes around its path the longest decide. */
const isReachable = ({ service, method, path }: Operation): boolean => {
  const { routes } = catalogue.find(({ name }) => name === service)!;
  const address = path.replace(/^\/v1/, '').replace(/\{\w+\}/g, 'x');
  const around = routes.filter((route) => address === route.path || address.startsWith(`${route.path}/`));
  const longest = Math.max(...around.map((route) => route.path.length));
  return around.some(
    (route) => route.path.length === longest && route.methods.some((one) => one === method.toUpperCase()),
  );
};

describe('the endpoints of all services', () => {
  it('are all let in by the front door, by their methods', () => {
    expect(operations.filter((one) => !isReachable(one)).map(nameOf)).toEqual([]);
  });

  it('are open to everybody only where it is said', () => {
    const open = operations.filter(({ scope }) => scope === undefined);
    expect(open.map(nameOf).sort()).toEqual([...OPEN].sort());
    expect(guarded().length).toBeGreaterThan(20);
  });

  it('demand only scopes that some role has', () => {
    expect(guarded().filter(({ scope }) => !ALL_SCOPES.includes(scope as string))).toEqual([]);
  });

  it('answer 401 without a token', async () => {
    expect(
      await others(
        guarded(),
        async () => undefined,
        (status) => status === 401,
      ),
    ).toEqual([]);
  });

  it('answer 403 with a token that has every scope but theirs', async () => {
    const tooLittle = ({ scope }: Operation) => token(ALL_SCOPES.filter((one) => one !== scope).join(' '));
    expect(await others(guarded(), tooLittle, (status) => status === 403)).toEqual([]);
  });

  it('let the right token in, and fail on nothing that is sent empty', async () => {
    const fits = (status: number) => status !== 401 && status !== 403 && status < 500;
    const right = ({ scope }: Operation) => token(scope as string);
    // Whose token it is does not exist: two answer that, and say so.
    expect(await others(guarded(), right, fits)).toEqual([
      'GET /v1/users/me answered 401',
      'GET /v1/users/me/personal-data answered 401',
    ]);
    expect(
      await others(
        operations.filter(({ scope }) => !scope),
        async () => undefined,
        (status) => status < 500,
      ),
    ).toEqual([]);
  });
});
