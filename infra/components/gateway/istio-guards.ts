// The model as Istio's gateway enforces it: tokens, roles, limits, logs, and what the gateway's own answers look like.
import type { IEnvoyFilter } from '@kubernetes-models/istio/networking.istio.io/v1alpha3';
import type { IAuthorizationPolicy } from '@kubernetes-models/istio/security.istio.io/v1beta1';
import type { ITelemetry } from '@kubernetes-models/istio/telemetry.istio.io/v1alpha1';
import type { Input } from '@pulumi/pulumi';
import { envoyCompressor } from './compression';
import {
  addressesOf,
  bytesOf,
  escaped,
  type GatewayRoute,
  type GatewayService,
  methodsOf,
  type RateLimit,
  routeName,
  routeSlug,
  secondsPer,
  type TokenRules,
} from './model';
import { problemDocument, problems } from './problems';

type EnvoyFilterSpec = NonNullable<IEnvoyFilter['spec']>;
type Patch = NonNullable<EnvoyFilterSpec['configPatches']>[number];
type AuthorizationPolicySpec = NonNullable<IAuthorizationPolicy['spec']>;
type AuthorizationRule = NonNullable<AuthorizationPolicySpec['rules']>[number];

/** Pods it is about, by label. */
export interface Selection {
  matchLabels: Record<string, string>;
}

/** Where the keys are that verify tokens: at hand as a JSON Web Key Set, or with whoever publishes them. */
export type KeySource = { jwks: Input<string> } | { jwksUri: string };

/**
 * Refuses tokens that are not valid (401); whoever sends none passes here.
 * Keys at hand are better: a proxy that fetches them refuses new tokens for minutes after a rotation.
 */
export const requestAuthenticationSpec = (
  selector: Selection,
  { issuer, audience }: TokenRules,
  keys: KeySource,
) => ({
  selector,
  jwtRules: [
    {
      issuer,
      audiences: [audience],
      ...keys,
      fromHeaders: [{ name: 'authorization', prefix: 'Bearer ' }],
      // The services check it too.
      forwardOriginalToken: true,
    },
  ],
});

const operation = (route: GatewayRoute) => ({
  operation: {
    methods: methodsOf(route),
    paths: [...new Set(addressesOf(route).flatMap(({ path }) => [path, `${path}/*`]))],
  },
});

/** Valid tokens without one of the roles, or without one of the scopes. Who has no token is told so elsewhere (401). */
function refusals(route: GatewayRoute): AuthorizationRule[] {
  const { roles, scopes } = route.authorisation;
  const unless = (claim: string, values: string[]): AuthorizationRule => ({
    from: [{ source: { requestPrincipals: ['*'] } }],
    to: [operation(route)],
    when: [{ key: `request.auth.claims[${claim}]`, notValues: values }],
  });
  return [
    ...(roles.length > 0 ? [unless('roles', roles)] : []),
    ...scopes.map((scope) => unless('scope', [scope])),
  ];
}

/** 403 for tokens that may not do what is asked; undefined where any token will do. */
export function tokenRefusalsSpec(
  selector: Selection,
  services: GatewayService[],
): AuthorizationPolicySpec | undefined {
  const rules = services.flatMap(({ routes }) => routes.flatMap(refusals));
  return rules.length > 0 ? { selector, action: 'DENY', rules } : undefined;
}

/** A line per request, but for routes that ask for none. */
export function accessLogSpec(
  selector: Selection,
  services: GatewayService[],
): NonNullable<ITelemetry['spec']> {
  const quiet = services.flatMap(({ app, routes }) =>
    routes.filter(({ log }) => !log).map((route) => `'${routeName(app, route)}'`),
  );
  return {
    selector,
    accessLogging: [
      {
        providers: [{ name: 'envoy' }],
        ...(quiet.length > 0 ? { filter: { expression: `!(xds.route_name in [${quiet.join(', ')}])` } } : {}),
      },
    ],
  };
}

const connectionManager = 'envoy.filters.network.http_connection_manager';
const typeUrl = (name: string) => `type.googleapis.com/${name}`;

/** Before the router, so behind the checks of tokens: whoever is refused there is not counted. */
const insertFilter = (name: string, config: object): Patch => ({
  applyTo: 'HTTP_FILTER',
  match: {
    context: 'GATEWAY',
    listener: {
      filterChain: { filter: { name: connectionManager, subFilter: { name: 'envoy.filters.http.router' } } },
    },
  },
  patch: { operation: 'INSERT_BEFORE', value: { name, typed_config: config } },
});

const always = { default_value: { numerator: 100, denominator: 'HUNDRED' } };

/** Callers whose count is remembered per limit; the one not seen for longest is forgotten. */
const callersRemembered = 20_000;

const callerActions = {
  client: { key: 'remote_address', action: { remote_address: {} } },
  customer: {
    key: 'customer',
    action: {
      metadata: {
        descriptor_key: 'customer',
        source: 'DYNAMIC',
        metadata_key: { key: 'envoy.filters.http.jwt_authn', path: [{ key: 'payload' }, { key: 'sub' }] },
      },
    },
  },
};

interface Limited {
  app: string;
  route: GatewayRoute;
  limit: RateLimit;
}

/** Seconds until one more request is let through. */
const retryAfter = ({ requests, per }: RateLimit) => Math.ceil(secondsPer[per] / requests);

/** What tells requests of the route from others, and callers from each other. */
function countedBy({ app, route, limit }: Limited) {
  const paths = [...new Set(addressesOf(route).map(({ path }) => escaped(path)))];
  const header = (name: string, regex: string) => ({ name, string_match: { safe_regex: { regex } } });
  return {
    actions: [
      {
        header_value_match: {
          descriptor_key: 'route',
          descriptor_value: routeSlug(app, route),
          headers: [
            header(':path', `(${paths.join('|')})([/?].*)?`),
            header(':method', methodsOf(route).join('|')),
          ],
        },
      },
      callerActions[limit.by].action,
    ],
  };
}

const bucket = ({ app, route, limit }: Limited) => ({
  entries: [{ key: 'route', value: routeSlug(app, route) }, { key: callerActions[limit.by].key }],
  token_bucket: {
    max_tokens: limit.requests,
    tokens_per_fill: limit.requests,
    fill_interval: `${secondsPer[limit.per]}s`,
  },
});

/**
 * One bucket per caller for all addresses of a route: limits attached to Envoy's routes would count each of the ways to ask for the
 * same thing apart. Limits that make callers wait as long share a filter, which says how long.
 */
function rateLimitPatches(services: GatewayService[]): Patch[] {
  const all = services.flatMap(({ app, routes }) =>
    routes.flatMap((route): Limited[] => (route.rateLimit ? [{ app, route, limit: route.rateLimit }] : [])),
  );
  const waits = [...new Set(all.map(({ limit }) => retryAfter(limit)))].sort((a, b) => a - b);
  return waits.map((wait) => {
    const limited = all.filter(({ limit }) => retryAfter(limit) === wait);
    return insertFilter(`envoy.filters.http.local_ratelimit.${wait}s`, {
      '@type': typeUrl('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit'),
      stat_prefix: 'front_door',
      filter_enabled: always,
      filter_enforced: always,
      enable_x_ratelimit_headers: 'DRAFT_VERSION_03',
      always_consume_default_token_bucket: false,
      max_dynamic_descriptors: callersRemembered,
      response_headers_to_add: [
        {
          header: { key: 'retry-after', value: String(wait) },
          append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
        },
      ],
      rate_limits: limited.map(countedBy),
      descriptors: limited.map(bucket),
    });
  });
}

const buffer = 'envoy.filters.http.buffer';
const bufferType = 'envoy.extensions.filters.http.buffer.v3.Buffer';

/** The smallest of the limits for all that is not declared otherwise. */
function bodyLimitPatches(services: GatewayService[]): Patch[] {
  const all = services.flatMap(({ app, routes }) =>
    routes.map((route) => ({ name: routeName(app, route), bytes: bytesOf(route.bodyLimit) })),
  );
  if (all.length === 0) return [];
  const usual = Math.min(...all.map(({ bytes }) => bytes));
  return [
    insertFilter(buffer, { '@type': typeUrl(bufferType), max_request_bytes: usual }),
    ...all
      .filter(({ bytes }) => bytes !== usual)
      .map(
        ({ name, bytes }): Patch => ({
          applyTo: 'HTTP_ROUTE',
          match: { context: 'GATEWAY', routeConfiguration: { vhost: { route: { name } } } },
          patch: {
            operation: 'MERGE',
            value: {
              typed_per_filter_config: {
                [buffer]: {
                  '@type': typeUrl(`${bufferType}PerRoute`),
                  buffer: { max_request_bytes: bytes },
                },
              },
            },
          },
        }),
      ),
  ];
}

const placeholders = {
  status: '%RESPONSE_CODE%',
  said: '%LOCAL_REPLY_BODY%',
  requestId: '%REQ(X-REQUEST-ID)%',
};

/** The gateway's own answers are problem documents like the services'. */
const ownAnswers = (): Patch => ({
  applyTo: 'NETWORK_FILTER',
  match: { context: 'GATEWAY', listener: { filterChain: { filter: { name: connectionManager } } } },
  patch: {
    operation: 'MERGE',
    value: {
      typed_config: {
        '@type': typeUrl('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
        local_reply_config: {
          mappers: problems.map((problem) => ({
            filter: {
              status_code_filter: {
                comparison: {
                  op: 'EQ',
                  value: { default_value: problem.status, runtime_key: `gateway.answer.${problem.status}` },
                },
              },
            },
            body_format_override: {
              content_type: 'application/problem+json',
              json_format: problemDocument(problem, placeholders),
            },
          })),
        },
      },
    },
  },
});

/** What Istio's own resources cannot say: limits, sizes, and the shape and compression of answers. */
export const limitsSpec = (selector: Selection, services: GatewayService[]): EnvoyFilterSpec => ({
  workloadSelector: { labels: selector.matchLabels },
  configPatches: [
    ownAnswers(),
    ...rateLimitPatches(services),
    ...bodyLimitPatches(services),
    insertFilter('envoy.filters.http.compressor', envoyCompressor),
  ],
});
