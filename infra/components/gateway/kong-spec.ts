// The model as Kong's ingress controller reads it: Gateway API and Kong's own resources, as pure functions.
import { createPublicKey } from 'node:crypto';
import type { ExternalSecretSpec, StoreReference } from '../external-secret-spec';
import { serviceHost } from '../traffic-spec';
import { ownPlugins, type Plugin, sharedPlugins } from './kong-plugins';
import {
  type Address,
  addressesOf,
  type GatewayRoute,
  type GatewayService,
  type HeaderChanges,
  methodsOf,
  millisecondsOf,
  routeSlug,
  specificFirst,
  type VerifyingKey,
  versionHeader,
} from './model';

export const gatewayClassName = 'kong';

/** The controller does not make Kong itself: its Deployment is part of the cluster, as Istio's gateway is. */
export const gatewayClass = {
  metadata: { name: gatewayClassName, annotations: { 'konghq.com/gatewayclass-unmanaged': 'true' } },
  spec: { controllerName: 'konghq.com/kic-gateway-controller' },
};

export interface DoorArgs {
  /** Host names; ['*'] = any. */
  hosts: string[];
  /** TLS Secret in the Gateway's namespace. Unset: plain HTTP. */
  tlsSecret?: string;
}

const hostnamesOf = (hosts: string[]) => hosts.filter((host) => host !== '*');

export function kongGatewaySpec({ hosts, tlsSecret }: DoorArgs) {
  const listener = (name: string, port: number, protocol: string, tls?: object) => {
    const common = {
      port,
      protocol,
      allowedRoutes: { namespaces: { from: 'Same' } },
      ...(tls ? { tls } : {}),
    };
    const names = hostnamesOf(hosts);
    if (names.length === 0) return [{ name, ...common }];
    return names.map((hostname, i) => ({ name: i === 0 ? name : `${name}-${i + 1}`, hostname, ...common }));
  };
  return {
    gatewayClassName,
    listeners: [
      ...listener('http', 80, 'HTTP'),
      ...(tlsSecret === undefined
        ? []
        : listener('https', 443, 'HTTPS', {
            mode: 'Terminate',
            certificateRefs: [{ kind: 'Secret', name: tlsSecret }],
          })),
    ],
  };
}

const headerFilter = (type: string, key: string, { set, remove }: HeaderChanges) => {
  const changes = {
    ...(Object.keys(set).length > 0
      ? { set: Object.entries(set).map(([name, value]) => ({ name, value })) }
      : {}),
    ...(remove.length > 0 ? { remove } : {}),
  };
  return Object.keys(changes).length > 0 ? [{ type, [key]: changes }] : [];
};

/** The mesh behind Kong tells versions by header: what the path says is said there too. */
export const requestChanges = (route: GatewayRoute, { version, header }: Address): HeaderChanges => ({
  ...route.transform.request,
  set: {
    ...route.transform.request.set,
    ...(version === 'v2' && header === undefined ? { [versionHeader]: version } : {}),
  },
});

/** One rule per address. Versions and colours are the mesh's to tell: Kong hands everything to the Service. */
export function httpRouteSpec(
  service: GatewayService,
  route: GatewayRoute,
  door: DoorArgs & { gateway: string },
) {
  const hostnames = hostnamesOf(door.hosts);
  return {
    parentRefs: [{ name: door.gateway }],
    ...(hostnames.length > 0 ? { hostnames } : {}),
    rules: addressesOf(route).flatMap((address) =>
      matchesOf(route, address).map((matches) => ({
        matches,
        filters: [
          ...(address.path === address.forwardedPath
            ? []
            : [
                {
                  type: 'URLRewrite',
                  urlRewrite: {
                    path: { type: 'ReplacePrefixMatch', replacePrefixMatch: address.forwardedPath },
                  },
                },
              ]),
          ...headerFilter('RequestHeaderModifier', 'requestHeaderModifier', requestChanges(route, address)),
          ...headerFilter('ResponseHeaderModifier', 'responseHeaderModifier', route.transform.response),
        ],
        backendRefs: [{ name: service.app, port: 80 }],
        timeouts: { backendRequest: service.traffic.timeout },
      })),
    ),
  };
}

/** The matches of each rule: a rule that rewrites the path may have one only (a validation of the Gateway API). */
function matchesOf(route: GatewayRoute, address: Address) {
  const matches = methodsOf(route).map((method) => ({
    path: { type: 'PathPrefix', value: address.path },
    method,
    ...(address.header ? { headers: [{ name: versionHeader, value: address.header }] } : {}),
  }));
  return address.path === address.forwardedPath ? [matches] : matches.map((match) => [match]);
}

export const sharedPluginName = ({ role }: Plugin) => `gateway-${role}`;
export const ownPluginName = (app: string, route: GatewayRoute, { role }: Plugin) =>
  `${routeSlug(app, route)}-${role}`;

export const httpRouteAnnotations = (app: string, route: GatewayRoute, { tlsSecret }: DoorArgs) => ({
  'konghq.com/plugins': [
    ...sharedPlugins(route).map(sharedPluginName),
    ...ownPlugins(route).map((plugin) => ownPluginName(app, route, plugin)),
  ].join(','),
  ...(route.openBecause ? { 'platform-policy/public': route.openBecause } : {}),
  'konghq.com/strip-path': 'false',
  // The proxy beside Kong finds the service by its own name, not by the shop's.
  'konghq.com/preserve-host': 'false',
  ...(tlsSecret === undefined
    ? {}
    : { 'konghq.com/protocols': 'https', 'konghq.com/https-redirect-status-code': '308' }),
});

/** Every plugin the services' routes name, each once. */
export function pluginsOf(services: GatewayService[]): { name: string; plugin: Plugin }[] {
  const routes = services.flatMap(({ app, routes }) => routes.map((route) => ({ app, route })));
  const shared = new Map(
    routes.flatMap(({ route }) =>
      sharedPlugins(route).map((plugin) => [sharedPluginName(plugin), plugin] as const),
    ),
  );
  return [
    ...[...shared].map(([name, plugin]) => ({ name, plugin })),
    ...routes.flatMap(({ app, route }) =>
      ownPlugins(route).map((plugin) => ({ name: ownPluginName(app, route, plugin), plugin })),
    ),
  ];
}

const seconds = (duration: string) => Math.max(1, Math.round(millisecondsOf(duration) / 1000));
const failing = [500, 502, 503, 504];

/** Round-robin, and the breaker: opened by answers that fail in a row, closed by a probe that does not. */
export const healthchecksOf = ({ traffic }: GatewayService) => ({
  path: '/ready',
  probeTimeout: 3,
  healthyInterval: 5,
  openFor: seconds(traffic.baseEjectionTime),
  failures: traffic.consecutive5xxErrors,
  failing,
});

export function upstreamPolicySpec(service: GatewayService) {
  const checks = healthchecksOf(service);
  const unhealthy = {
    httpFailures: checks.failures,
    tcpFailures: checks.failures,
    timeouts: checks.failures,
  };
  return {
    algorithm: 'round-robin',
    healthchecks: {
      active: {
        type: 'http',
        httpPath: checks.path,
        timeout: checks.probeTimeout,
        healthy: { interval: checks.healthyInterval, successes: 1, httpStatuses: [200] },
        unhealthy: { ...unhealthy, interval: checks.openFor, httpStatuses: checks.failing },
      },
      passive: {
        type: 'http',
        healthy: { successes: 1 },
        unhealthy: { ...unhealthy, httpStatuses: checks.failing },
      },
    },
  };
}

/** For the Service Kong forwards to. Its address rather than its pods: weights stay with the mesh, as do second tries. */
export const kongServiceAnnotations = (service: Pick<GatewayService, 'app' | 'namespace'>) => ({
  'ingress.kubernetes.io/service-upstream': 'true',
  'konghq.com/upstream-policy': service.app,
  'konghq.com/host-header': serviceHost(service),
  'konghq.com/retries': '0',
});

/** "-----BEGIN PUBLIC KEY-----", as Kong's jwt plugin takes it. */
export const publicKeyText = (key: VerifyingKey): string =>
  createPublicKey({ key: { ...key }, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();

/** Credential of the jwt plugin; the field is called after RSA whatever the key is. */
export const jwtCredential = (key: VerifyingKey) => ({
  key: key.kid,
  algorithm: key.alg,
  rsa_public_key: publicKeyText(key),
});

export const credentialLabel = (kind: string) => ({ 'konghq.com/credential': kind });

/**
 * The same credential of a key that is kept elsewhere, as External Secrets makes it: only the public half gets out of its template.
 */
export function remoteCredentialSpec(
  secretName: string,
  { store, remoteKey, index }: { store: StoreReference; remoteKey: string; index: number },
): ExternalSecretSpec {
  const key = `{{- $key := index (fromJson .keys).keys ${index} -}}`;
  const half = 'dict "kty" $key.kty "crv" $key.crv "x" $key.x "y" $key.y';
  return {
    refreshInterval: '15m',
    secretStoreRef: store,
    target: {
      name: secretName,
      creationPolicy: 'Owner',
      deletionPolicy: 'Retain',
      template: {
        engineVersion: 'v2',
        type: 'Opaque',
        metadata: { labels: credentialLabel('jwt') },
        data: {
          key: `${key}{{ $key.kid }}`,
          algorithm: 'ES256',
          rsa_public_key: `${key}{{ ${half} | toJson | jwkPublicKeyPem }}`,
        },
      },
    },
    data: [{ secretKey: 'keys', remoteRef: { key: remoteKey, property: 'keys.json' } }],
  };
}

export const routesOf = (service: GatewayService) => specificFirst(service.routes);
