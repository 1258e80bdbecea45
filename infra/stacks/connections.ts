// Who may talk to whom, read off the catalogue. Both ends get the same answer, so a connection is either open on both or shut.
import type { ServiceEntry } from '../catalog/schema';
import type { Peer } from '../components/network-policy';
import type { PlatformConfig } from '../config';
import {
  appName,
  checkPort,
  frontDoorOf,
  instancesName,
  sandboxServers,
  servers,
  usesTopics,
} from './context';
import { cachePeer, databasePeer } from './data-access';
import { kafkaPeer } from './kafka-access';

export interface Connections {
  ingress: Peer[];
  egress: Peer[];
}

/** Names of the services one opens connections to: those it calls, and the issuer whose keys it checks tokens with. */
export function calledBy(service: ServiceEntry, services: ServiceEntry[]): ServiceEntry[] {
  return services.filter(
    (other) =>
      other.name !== service.name &&
      (service.calls.includes(other.name) ||
        (service.authentication === 'verifies' && other.authentication === 'issues')),
  );
}

const toServer = (server: { app: string; port: number; hosts?: readonly string[] }): Peer => ({
  to: 'app',
  ...server,
});

/** Consul may see whether a service is well, and nothing else of it. */
const healthChecks = ({ port, probes }: ServiceEntry): Peer[] => {
  const { app } = servers.consul;
  const paths = [probes.liveness.path, probes.readiness.path];
  return [
    { to: 'app', app, port, paths },
    { to: 'app', app, port: checkPort },
  ];
};

export function connectionsOf(
  service: ServiceEntry,
  services: ServiceEntry[],
  {
    discovery = false,
    config,
  }: {
    discovery?: boolean;
    config?: Pick<PlatformConfig, 'aws' | 'eventStore' | 'gateway' | 'messaging'>;
  } = {},
): Connections {
  const { consul } = servers;
  const door = frontDoorOf(config);
  // Kong's tokens are checked by the proxy beside each service, the issuer's too: it fetches the keys.
  const itself =
    config?.gateway === 'kong' && service.authentication === 'issues'
      ? [toServer({ app: appName(service), port: service.port })]
      : [];
  const sandboxes = service.sandboxes.map((name) => sandboxServers[name]);
  const callers = services.filter((other) => calledBy(other, services).includes(service));
  return {
    ingress: [
      ...(service.routes.length > 0 ? [{ to: 'front-door', door, port: service.port } as const] : []),
      ...callers.map((caller) => toServer({ app: appName(caller), port: service.port })),
      ...itself,
      // A stand-in that sends webhooks.
      ...sandboxes
        .filter(({ callsBack }) => callsBack)
        .map(({ app }) => toServer({ app, port: service.port })),
      ...(discovery ? healthChecks(service) : []),
    ],
    egress: [
      { to: 'dns' },
      ...itself,
      ...(service.database ? [databasePeer(config?.aws)] : []),
      ...(service.cache ? [cachePeer(config?.aws)] : []),
      ...(usesTopics(service) ? [config ? kafkaPeer(config) : toServer(servers.kafka)] : []),
      ...(service.eventStore && config?.eventStore === 'kurrentdb' ? [toServer(servers.eventStore)] : []),
      ...calledBy(service, services).map((other) =>
        toServer({
          app: appName(other),
          port: other.port,
          ...(discovery ? { hosts: [appName(other), instancesName(other)] } : {}),
        }),
      ),
      ...sandboxes.flatMap(({ app, ports }) => Object.values(ports).map((port) => toServer({ app, port }))),
      ...(discovery ? [toServer(consul)] : []),
      ...(service.internet ? [{ to: 'internet' } as const] : []),
    ],
  };
}
