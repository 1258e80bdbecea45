import { accessLogSpec, limitsSpec, requestAuthenticationSpec, tokenRefusalsSpec } from './istio-guards';
import type { GatewayRoute } from './model';
import { gatewayService } from './model.fixtures';

const selector = { matchLabels: { istio: 'ingressgateway' } };
const services = (...routes: Partial<GatewayRoute>[]) => [gatewayService(...routes)];

test('tokens are those of one issuer for one audience, from one header, checked with the keys at hand', () => {
  const rules = { issuer: 'the-shop', audience: 'the-shop-api' };
  expect(requestAuthenticationSpec(selector, rules, { jwks: '{"keys":[]}' }).jwtRules).toEqual([
    {
      issuer: 'the-shop',
      audiences: ['the-shop-api'],
      jwks: '{"keys":[]}',
      fromHeaders: [{ name: 'authorization', prefix: 'Bearer ' }],
      forwardOriginalToken: true,
    },
  ]);
});

describe('refusals of tokens', () => {
  test('a token needs one of the roles and each of the scopes, at every address of the route', () => {
    const spec = tokenRefusalsSpec(
      selector,
      services({
        path: '/refunds',
        methods: ['POST'],
        authentication: 'token',
        authorisation: { roles: ['admin', 'support'], scopes: ['refunds:write', 'orders:read'] },
      }),
    );
    const common = {
      from: [{ source: { requestPrincipals: ['*'] } }],
      to: [
        {
          operation: {
            methods: ['POST'],
            paths: ['/v1/refunds', '/v1/refunds/*', '/refunds', '/refunds/*'],
          },
        },
      ],
    };
    expect(spec).toEqual({
      selector,
      action: 'DENY',
      rules: [
        { ...common, when: [{ key: 'request.auth.claims[roles]', notValues: ['admin', 'support'] }] },
        { ...common, when: [{ key: 'request.auth.claims[scope]', notValues: ['refunds:write'] }] },
        { ...common, when: [{ key: 'request.auth.claims[scope]', notValues: ['orders:read'] }] },
      ],
    });
  });

  test('are none where any token will do: an empty policy would refuse nothing and look as if it did', () => {
    expect(tokenRefusalsSpec(selector, services({ authentication: 'token' }))).toBeUndefined();
  });
});

interface Patch {
  applyTo: string;
  // biome-ignore lint/suspicious/noExplicitAny: Envoy's configuration, looked into by path
  patch: { operation: string; value: any };
}
const patches = (...routes: Partial<GatewayRoute>[]) =>
  limitsSpec(selector, services(...routes)).configPatches as Patch[];
const filters = (...routes: Partial<GatewayRoute>[]) =>
  patches(...routes)
    .filter(({ applyTo }) => applyTo === 'HTTP_FILTER')
    .map(({ patch }) => patch.value);

describe('a rate limit', () => {
  const [limit] = filters({
    methods: ['POST'],
    rateLimit: { requests: 30, per: 'minute', by: 'client' },
  });
  const matcher = limit.typed_config.rate_limits[0].actions[0].header_value_match;
  const [path, method] = matcher.headers.map(
    (header: { string_match: { safe_regex: { regex: string } } }) =>
      new RegExp(`^${header.string_match.safe_regex.regex}$`),
  );

  test('is enforced, says what is left and when to come back', () => {
    expect(limit.typed_config).toMatchObject({
      filter_enabled: { default_value: { numerator: 100 } },
      filter_enforced: { default_value: { numerator: 100 } },
      enable_x_ratelimit_headers: 'DRAFT_VERSION_03',
      response_headers_to_add: [{ header: { key: 'retry-after', value: '2' } }],
      descriptors: [{ token_bucket: { max_tokens: 30, tokens_per_fill: 30, fill_interval: '60s' } }],
    });
  });

  test('counts all addresses of the route as one, and nothing beside it', () => {
    for (const asked of ['/v1/orders', '/orders', '/v1/orders/17', '/orders?limit=1', '/v1/orders/17?x=/y'])
      expect(path.test(asked)).toBe(true);
    for (const other of ['/v1/orders-old', '/x/v1/orders', '/v2/orders', '/'])
      expect(path.test(other)).toBe(false);
    expect([method.test('POST'), method.test('GET')]).toEqual([true, false]);
  });

  test('is counted by address, or by whom the token is of', () => {
    const [, byAddress] = limit.typed_config.rate_limits[0].actions;
    expect(byAddress).toEqual({ remote_address: {} });
    const [other] = filters({ rateLimit: { requests: 1, per: 'hour', by: 'customer' } });
    expect(other.typed_config.rate_limits[0].actions[1].metadata.metadata_key).toEqual({
      key: 'envoy.filters.http.jwt_authn',
      path: [{ key: 'payload' }, { key: 'sub' }],
    });
    expect(other.typed_config.descriptors[0].entries[1]).toEqual({ key: 'customer' });
  });

  test('shares a filter with those that make callers wait as long', () => {
    const names = filters(
      { path: '/a', rateLimit: { requests: 100, per: 'second', by: 'client' } },
      { path: '/b', rateLimit: { requests: 60, per: 'minute', by: 'customer' } },
      { path: '/c', rateLimit: { requests: 6, per: 'minute', by: 'client' } },
    ).map(({ name, typed_config }) => [name, typed_config.descriptors?.length]);
    expect(names.slice(0, 2)).toEqual([
      ['envoy.filters.http.local_ratelimit.1s', 2],
      ['envoy.filters.http.local_ratelimit.10s', 1],
    ]);
  });

  test('is not there for a route without', () => {
    expect(filters({}).map(({ name }) => name)).toEqual([
      'envoy.filters.http.buffer',
      'envoy.filters.http.compressor',
    ]);
  });
});

test('bodies are limited everywhere, and further where a route says so', () => {
  const routes = [{ path: '/orders' }, { path: '/pictures', methods: ['POST' as const], bodyLimit: '5Mi' }];
  expect(filters(...routes)[0].typed_config.max_request_bytes).toBe(102_400);
  expect(patches(...routes).find(({ applyTo }) => applyTo === 'HTTP_ROUTE')).toMatchObject({
    applyTo: 'HTTP_ROUTE',
    match: { routeConfiguration: { vhost: { route: { name: 'order-service POST /pictures' } } } },
    patch: {
      value: {
        typed_per_filter_config: {
          'envoy.filters.http.buffer': { buffer: { max_request_bytes: 5 * 2 ** 20 } },
        },
      },
    },
  });
});

test('the gateway’s own answers are problem documents', () => {
  const { mappers } = (patches({})[0] as Patch).patch.value.typed_config.local_reply_config;
  const byStatus = new Map(
    mappers.map(
      (mapper: {
        filter: { status_code_filter: { comparison: { value: { default_value: number } } } };
        body_format_override: object;
      }) => [mapper.filter.status_code_filter.comparison.value.default_value, mapper.body_format_override],
    ),
  );
  expect([...byStatus.keys()]).toEqual([401, 403, 404, 405, 413, 429, 503, 504]);
  expect(byStatus.get(429)).toEqual({
    content_type: 'application/problem+json',
    json_format: {
      type: 'urn:ecommerce-platform:problem:too-many-requests',
      title: 'Too Many Requests',
      status: '%RESPONSE_CODE%',
      detail: expect.any(String),
      retriable: true,
      requestId: '%REQ(X-REQUEST-ID)%',
    },
  });
});

test('every request is logged but those of routes that ask for silence', () => {
  expect(accessLogSpec(selector, services({})).accessLogging).toEqual([{ providers: [{ name: 'envoy' }] }]);
  const [logging] = accessLogSpec(selector, services({}, { path: '/quiet', log: false })).accessLogging ?? [];
  expect(logging?.filter?.expression).toBe("!(xds.route_name in ['order-service GET /quiet'])");
});
