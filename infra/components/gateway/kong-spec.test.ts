import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { sharedPlugins } from './kong-plugins';
import {
  httpRouteSpec,
  jwtCredential,
  kongGatewaySpec,
  pluginsOf,
  remoteCredentialSpec,
  upstreamPolicySpec,
} from './kong-spec';
import type { VerifyingKey } from './model';
import { gatewayRoute, gatewayService } from './model.fixtures';

const door = { hosts: ['shop.example.com'], tlsSecret: 'gateway-tls', gateway: 'front-door' };

test('each address is a rule; what the path says of the version is said in the header, for the mesh behind', () => {
  const [route] = gatewayService({ versions: ['v1', 'v2'], methods: ['POST'] }).routes;
  const { rules } = httpRouteSpec(gatewayService(), route ?? gatewayRoute(), door);
  const seen = rules.map(({ matches, filters }) => [
    matches[0]?.path.value,
    matches[0]?.headers?.[0]?.value,
    JSON.stringify(filters).includes('"set":[{"name":"version","value":"v2"}]'),
    /replacePrefixMatch":"([^"]+)/.exec(JSON.stringify(filters))?.[1],
  ]);
  expect(seen).toEqual([
    ['/v1/orders', undefined, false, undefined],
    ['/v2/orders', undefined, true, undefined],
    ['/orders', 'v2', false, '/v2/orders'],
    ['/orders', undefined, false, '/v1/orders'],
  ]);
});

test('without TLS there is no listener for it', () => {
  expect(kongGatewaySpec({ hosts: ['*'] }).listeners).toEqual([
    { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } },
  ]);
});

test('every host has its listener', () => {
  const { listeners } = kongGatewaySpec({ hosts: ['a.example', 'b.example'], tlsSecret: 'tls' });
  expect(listeners.map(({ name, port }) => [name, port])).toEqual([
    ['http', 80],
    ['http-2', 80],
    ['https', 443],
    ['https-2', 443],
  ]);
});

test('only what is open to all asks for no token', () => {
  const asks = (authentication: 'none' | 'token') =>
    sharedPlugins(gatewayRoute({ authentication })).map(({ plugin }) => plugin);
  expect(asks('none')).toEqual(['correlation-id', 'file-log']);
  expect(asks('token')).toEqual(['correlation-id', 'file-log', 'jwt', 'acl']);
});

test('what lets somebody in is not logged', () => {
  const log = sharedPlugins(gatewayRoute()).find(({ plugin }) => plugin === 'file-log');
  expect(Object.keys(log?.config.custom_fields_by_lua ?? {})).toEqual([
    'request.headers.authorization',
    'request.headers.cookie',
  ]);
});

test('plugins with the same settings are made once', () => {
  const names = pluginsOf([gatewayService({ path: '/a' }, { path: '/b' })]).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.endsWith('-log'))).toEqual(['gateway-log']);
});

test('the breaker opens after the failures of R7 and looks again after its time', () => {
  const { active, passive } = upstreamPolicySpec(gatewayService()).healthchecks;
  expect(passive.unhealthy).toMatchObject({ httpFailures: 5, httpStatuses: [500, 502, 503, 504] });
  expect(active).toMatchObject({
    httpPath: '/ready',
    healthy: { successes: 1 },
    unhealthy: { interval: 30 },
  });
});

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' } as VerifyingKey;

test('a credential is the public half of a signing key', () => {
  const credential = jwtCredential(key);
  expect(credential).toMatchObject({ key: 'one', algorithm: 'ES256' });
  expect(createPublicKey(credential.rsa_public_key).equals(publicKey)).toBe(true);
});

test('of a key that is kept elsewhere only the public half is taken out', () => {
  const store = { kind: 'SecretStore' as const, name: 'store' };
  const { target, data } = remoteCredentialSpec('signing-key-1-jwt', {
    store,
    remoteKey: 'shop/jwt',
    index: 1,
  });
  expect(data).toEqual([{ secretKey: 'keys', remoteRef: { key: 'shop/jwt', property: 'keys.json' } }]);
  const template = JSON.stringify(target?.template);
  expect(template).toContain('index (fromJson .keys).keys 1');
  expect(template).not.toMatch(/\$key\.d\b/);
  expect(target?.template?.metadata?.labels).toEqual({ 'konghq.com/credential': 'jwt' });
});
