// The model as one file for a Kong without a database and without a cluster's controller (`kong.yml`).

import { serviceHost } from '../traffic-spec';
import { ownPlugins, type Plugin, sharedPlugins, tokenHolders, transformerConfig } from './kong-plugins';
import { healthchecksOf, jwtCredential, requestChanges, routesOf } from './kong-spec';
import {
  type Address,
  addressesOf,
  escaped,
  type GatewayRoute,
  type GatewayService,
  methodsOf,
  millisecondsOf,
  routeName,
  type VerifyingKey,
  versionHeader,
} from './model';

const plain = ({ plugin, config }: Plugin) => ({ name: plugin, config });

const transformers = (route: GatewayRoute, address: Address) => [
  ...transformer('request-transformer', transformerConfig(requestChanges(route, address))),
  ...transformer('response-transformer', transformerConfig(route.transform.response)),
];
const transformer = (name: string, config: object) =>
  Object.keys(config).length > 0 ? [{ name, config }] : [];

function kongRoute(app: string, route: GatewayRoute, address: Address) {
  const name = [routeName(app, route), address.path, address.header].filter(Boolean).join(' ');
  return {
    name: name.replace(/[^\w.~-]+/g, '-'),
    // A prefix alone would also take the longer neighbours.
    paths: [`~${escaped(address.path)}$`, `${address.path}/`],
    methods: methodsOf(route),
    ...(address.header ? { headers: { [versionHeader]: [address.header] } } : {}),
    strip_path: false,
    preserve_host: false,
    plugins: [
      ...sharedPlugins(route).map(plain),
      ...ownPlugins(route).map(plain),
      ...transformers(route, address),
    ],
  };
}

/** What Kong puts before the path, where a service is asked for without the version: a service of Kong's own for each. */
const prefixOf = ({ path, forwardedPath }: Address) =>
  path === forwardedPath ? '' : forwardedPath.slice(0, -path.length);

function kongServices(service: GatewayService) {
  const asked = routesOf(service).flatMap((route) =>
    addressesOf(route).map((address) => ({ route, address })),
  );
  const prefixes = [...new Set(asked.map(({ address }) => prefixOf(address)))];
  const timeout = millisecondsOf(service.traffic.timeout);
  return prefixes.map((prefix) => ({
    name: `${service.app}${prefix.replace('/', '-')}`,
    host: service.app,
    port: 80,
    protocol: 'http',
    ...(prefix ? { path: prefix } : {}),
    retries: 0,
    connect_timeout: timeout,
    read_timeout: timeout,
    write_timeout: timeout,
    routes: asked
      .filter(({ address }) => prefixOf(address) === prefix)
      .map(({ route, address }) => kongRoute(service.app, route, address)),
  }));
}

function kongUpstream(service: GatewayService) {
  const checks = healthchecksOf(service);
  const unhealthy = {
    http_failures: checks.failures,
    tcp_failures: checks.failures,
    timeouts: checks.failures,
    http_statuses: checks.failing,
  };
  return {
    name: service.app,
    algorithm: 'round-robin',
    host_header: serviceHost(service),
    targets: [{ target: `${serviceHost(service)}:80`, weight: 100 }],
    healthchecks: {
      active: {
        type: 'http',
        http_path: checks.path,
        timeout: checks.probeTimeout,
        healthy: { interval: checks.healthyInterval, successes: 1, http_statuses: [200] },
        unhealthy: { ...unhealthy, interval: checks.openFor },
      },
      passive: { type: 'http', healthy: { successes: 1 }, unhealthy },
    },
  };
}

/** @param keys those that verify tokens, newest first; none = every token is refused */
export const kongFile = (services: GatewayService[], keys: VerifyingKey[]) => ({
  _format_version: '3.0',
  services: services.flatMap(kongServices),
  upstreams: services.map(kongUpstream),
  consumers: keys.map((key) => ({
    username: `signing-key-${key.kid}`,
    // Only algorithms other than ours use the secret, but it has to be there.
    jwt_secrets: [{ ...jwtCredential(key), secret: key.kid }],
    acls: [{ group: tokenHolders }],
  })),
});
