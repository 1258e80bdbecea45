import fc from 'fast-check';
import { type VirtualServiceSpec, weightPaths } from '../traffic-spec';
import { frontDoorRouteSpec } from './istio-routes';
import type { GatewayRoute } from './model';
import { gatewayService } from './model.fixtures';

type Route = NonNullable<VirtualServiceSpec['http']>[number];
interface Request {
  method?: string;
  headers?: Record<string, string>;
}

const specOf = (...routes: Partial<GatewayRoute>[]) =>
  frontDoorRouteSpec({ service: gatewayService(...routes), hosts: ['*'], gateway: 'front-door' });

/** What Istio would do: the first route one of whose matches fits. */
function routed(spec: VirtualServiceSpec, path: string, request: Request = {}): Route | undefined {
  const { method = 'GET', headers = {} } = request;
  return spec.http?.find((route) =>
    route.match?.some((match) => {
      const uri = match.uri as { exact?: string; prefix?: string };
      const asked = match.method as { exact?: string; regex?: string } | undefined;
      const wanted = Object.entries((match.headers ?? {}) as Record<string, { exact: string }>);
      const unwanted = Object.entries((match.withoutHeaders ?? {}) as Record<string, { prefix: string }>);
      return (
        (uri.exact === path || (uri.prefix !== undefined && path.startsWith(uri.prefix))) &&
        (asked === undefined || new RegExp(`^(${asked.exact ?? asked.regex})$`).test(method)) &&
        wanted.every(([name, value]) => headers[name] === value.exact) &&
        unwanted.every(([name, value]) => !headers[name]?.startsWith(value.prefix))
      );
    }),
  );
}

const subsets = (route?: Route) => route?.route?.map(({ destination }) => destination?.subset);
/** The path as the service gets it. */
const forwarded = (path: string, route?: Route) => {
  if (!route?.rewrite?.uri) return path;
  const matched = route.match
    ?.map(
      ({ uri }) => (uri as { exact?: string; prefix?: string }).exact ?? (uri as { prefix: string }).prefix,
    )
    .find((text) => path.startsWith(text));
  return `${route.rewrite.uri}${path.slice(matched?.length)}`;
};

const live = ['blue', 'green'];
const orders = specOf({ path: '/orders', methods: ['GET', 'POST'], versions: ['v1', 'v2'] });

test('a request goes by the colours’ weights: all to blue at birth', () => {
  const route = routed(orders, '/v1/orders/17');
  expect(route?.fault).toBeUndefined();
  expect(route?.route?.map(({ destination, weight }) => [destination?.subset, weight])).toEqual([
    ['blue', 100],
    ['green', 0],
  ]);
});

test.each([
  ['/v1/orders/17', {}, live, '/v1/orders/17'],
  ['/v2/orders/17', {}, ['v2'], '/v2/orders/17'],
  ['/v2/orders', { version: 'v1' }, ['v2'], '/v2/orders'],
  ['/orders/17', {}, live, '/v1/orders/17'],
  ['/orders', { version: 'v1' }, live, '/v1/orders'],
  ['/orders', { version: 'v2' }, ['v2'], '/v2/orders'],
  ['/orders/17', { version: 'v2' }, ['v2'], '/v2/orders/17'],
  ['/v1/orders', { version: 'v2' }, ['v2'], '/v1/orders'],
  ['/v1/orders', { version: 'v3' }, live, '/v1/orders'],
])('%s with %j reaches %j as %s', (path, headers, to, as) => {
  const route = routed(orders, path, { headers });
  expect(subsets(route)).toEqual(to);
  expect(forwarded(path, route)).toBe(as);
});

test('where v2 is not declared the header still chooses the pods, and the path stays what it was', () => {
  const spec = specOf({ path: '/orders' });
  const route = routed(spec, '/orders/17', { headers: { version: 'v2' } });
  expect([subsets(route), forwarded('/orders/17', route)]).toEqual([['v2'], '/v1/orders/17']);
  expect(routed(spec, '/v2/orders')).toBeUndefined();
});

test('only a request that asks for it can be delayed: 5 s, one in a thousand, and still goes where it would', () => {
  const fault = { delay: { fixedDelay: '5s', percentage: { value: 0.1 } } };
  for (const path of ['/v1/orders', '/v2/orders', '/orders']) {
    const delayed = routed(orders, path, { headers: { 'test-fault': 'delay' } });
    const plain = routed(orders, path);
    expect([delayed?.fault, subsets(delayed), forwarded(path, delayed)]).toEqual([
      fault,
      subsets(plain),
      forwarded(path, plain),
    ]);
  }
  expect(routed(orders, '/v1/orders', { headers: { 'test-fault': 'abort' } })?.fault).toBeUndefined();
});

test('a method that is not declared is told which are', () => {
  expect(routed(orders, '/v1/orders', { method: 'DELETE' })).toMatchObject({
    directResponse: { status: 405 },
    headers: { response: { set: { allow: 'GET, HEAD, POST' } } },
  });
});

test('a path that is not declared goes nowhere, whatever is declared beside it', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{1,8}$/), (rest) => {
      expect(routed(orders, `/v1/orders/${rest}`)).toBeDefined();
      expect(routed(orders, `/v1/orders${rest}`)).toBeUndefined();
      expect(routed(orders, `/v3/orders/${rest}`)).toBeUndefined();
    }),
  );
});

describe('a route that demands a token', () => {
  const guarded = specOf({
    path: '/orders',
    authentication: 'token',
    methods: ['GET'],
    versions: ['v1', 'v2'],
  });
  const asks = ['/v1/orders', '/v1/orders/17', '/v2/orders', '/orders', '/orders/17'].flatMap((path) =>
    ([{}, { version: 'v2' }, { 'test-fault': 'delay' }] as Record<string, string>[]).map(
      (headers) => [path, headers] as const,
    ),
  );

  test.each(asks)('answers 401 at %s with %j and no token', (path, headers) => {
    expect(routed(guarded, path, { headers })?.directResponse?.status).toBe(401);
    const other = { ...headers, authorization: 'Basic dTpw' };
    expect(routed(guarded, path, { headers: other })?.directResponse?.status).toBe(401);
  });

  test.each(asks)('lets a token through at %s with %j', (path, headers) => {
    const route = routed(guarded, path, { headers: { ...headers, authorization: 'Bearer x' } });
    expect(route?.route).toBeDefined();
  });
});

test('the longer path decides, even where the shorter one is open', () => {
  const spec = specOf(
    { path: '/users', methods: ['POST'] },
    { path: '/users/me', authentication: 'token', methods: ['GET'] },
  );
  expect(routed(spec, '/v1/users', { method: 'POST' })?.route).toBeDefined();
  expect(routed(spec, '/v1/users/me')?.directResponse?.status).toBe(401);
  expect(routed(spec, '/v1/users/me', { method: 'POST' })?.directResponse?.status).toBe(405);
});

test('headers are set and removed on every way to the service', () => {
  const transform = {
    request: { set: { 'x-shop': 'yes' }, remove: ['x-debug'] },
    response: { set: { 'cache-control': 'no-store' }, remove: ['server-timing'] },
  };
  const forwards = specOf({ transform, versions: ['v1', 'v2'] }).http?.filter(({ route }) => route) ?? [];
  expect(forwards.length).toBeGreaterThan(6);
  for (const { headers } of forwards) expect(headers).toEqual(transform);
});

test('nothing is sent twice that may have been handled', () => {
  for (const { route, retries } of orders.http ?? []) {
    if (route) expect(retries?.retryOn).toBe('connect-failure,refused-stream');
  }
});

test('the release tool’s fields are all weights and nothing else', () => {
  const weights = weightPaths(orders).map((path) =>
    path
      .match(/^spec\.http\[(\d+)\]\.route\[(\d+)\]\.weight$/)
      ?.slice(1)
      .map(Number),
  );
  const expected = orders.http?.flatMap(({ route }, r) =>
    route?.length === 2
      ? [
          [r, 0],
          [r, 1],
        ]
      : [],
  );
  expect(weights).toEqual(expected);
  expect(weights.length).toBeGreaterThan(0);
});
