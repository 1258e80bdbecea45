import { addressesOf, bytesOf, methodsOf, millisecondsOf, routeSlug, specificFirst } from './model';
import { gatewayRoute } from './model.fixtures';

test('a version is asked for by path, or by header; without one the first is meant', () => {
  expect(addressesOf(gatewayRoute({ path: '/orders', versions: ['v1', 'v2'] }))).toEqual([
    { path: '/v1/orders', forwardedPath: '/v1/orders', version: 'v1' },
    { path: '/v2/orders', forwardedPath: '/v2/orders', version: 'v2' },
    { path: '/orders', header: 'v2', forwardedPath: '/v2/orders', version: 'v2' },
    { path: '/orders', forwardedPath: '/v1/orders', version: 'v1' },
  ]);
});

test('what has no versions is reached at its path and nowhere else', () => {
  expect(addressesOf(gatewayRoute({ path: '/docs/order', versions: [] }))).toEqual([
    { path: '/docs/order', forwardedPath: '/docs/order' },
  ]);
});

test('the longer of two paths is looked at first', () => {
  const paths = ['/users', '/users/me', '/u'].map((path) => gatewayRoute({ path }));
  expect(specificFirst(paths).map(({ path }) => path)).toEqual(['/users/me', '/users', '/u']);
});

test('where GET is taken, HEAD is too', () => {
  expect(methodsOf({ methods: ['GET', 'POST'] })).toEqual(['GET', 'HEAD', 'POST']);
  expect(methodsOf({ methods: ['DELETE'] })).toEqual(['DELETE']);
});

test('a route has a name that a resource may have', () => {
  expect(routeSlug('user-service', gatewayRoute({ path: '/.well-known/jwks.json' }))).toBe(
    'user-service-get-well-known-jwks-json',
  );
});

test('sizes and durations are plain numbers', () => {
  expect([bytesOf('100Ki'), bytesOf('2Mi')]).toEqual([102_400, 2_097_152]);
  expect(['250ms', '15s', '2m', '1h'].map(millisecondsOf)).toEqual([250, 15_000, 120_000, 3_600_000]);
});
