import type { ServiceEntry } from '../catalog/schema';
import type { FrontDoorPods } from '../components/network-policy';
import { imageReference, type PlatformConfig, project } from '../config';

/** What every layer is built from. */
export interface Context {
  namespace: string;
  config: PlatformConfig;
  services: ServiceEntry[];
  /** Full reference of an image. @throws ConfigError when the configuration does not say where it is */
  image: (name: string) => string;
  /** Whether there are nodes to spread over. */
  spread: boolean;
  /** Whether there is Consul. */
  discovery: boolean;
}

export const createContext = (config: PlatformConfig, services: ServiceEntry[]): Context => ({
  namespace: project,
  config,
  services,
  image: (name) => imageReference(config, name),
  spread: config.environment !== 'local',
  discovery: config.discovery ?? Object.hasOwn(config.images, servers.consul.app),
});

/** The shop's address as its customers know it. Without a host name: the embedded cluster's front door. */
export const publicUrl = ({
  gatewayHosts: [host = '*'],
  gatewayTlsSecret,
}: Pick<PlatformConfig, 'gatewayHosts' | 'gatewayTlsSecret'>) =>
  `${gatewayTlsSecret ? 'https' : 'http'}://${host === '*' ? '127.0.0.1:8080' : host}`;

/** Name of a service's Service, its label `app`, its image and its service account. */
export const appName = (service: Pick<ServiceEntry, 'name'>) => `${service.name}-service`;

/** A gateway as its chart installs it. */
interface InstalledFrontDoor extends FrontDoorPods {
  /** Its Service. */
  service: string;
  /** Where its pods say, in plain HTTP, that they can take requests. */
  health: { port: number; path: string };
}

/** Where the pods of each gateway stand: who may come in from outside, for the network and for the mesh. */
const frontDoors: Record<PlatformConfig['gateway'], InstalledFrontDoor> = {
  istio: {
    namespace: 'istio-ingress',
    serviceAccount: 'istio-ingressgateway',
    labels: { istio: 'ingressgateway' },
    service: 'istio-ingressgateway',
    health: { port: 15021, path: '/healthz/ready' },
  },
  kong: {
    namespace: 'kong',
    serviceAccount: 'kong',
    labels: { 'app.kubernetes.io/instance': 'kong', 'app.kubernetes.io/name': 'gateway' },
    service: 'kong-gateway-proxy',
    health: { port: 8100, path: '/status/ready' },
  },
};

export const frontDoorOf = ({
  gateway = 'istio',
}: {
  gateway?: PlatformConfig['gateway'];
} = {}): InstalledFrontDoor => frontDoors[gateway];

/** The front door's address inside the cluster. */
export const frontDoorHost = (config: Pick<PlatformConfig, 'gateway'>): string => {
  const { service, namespace } = frontDoorOf(config);
  return `${service}.${namespace}`;
};

/** Addresses inside the namespace. */
export const servers = {
  postgres: { app: 'postgres', port: 5432 },
  redis: { app: 'redis', port: 6379 },
  /** By the names of our own servers and by those Strimzi gives. */
  kafka: {
    app: 'kafka',
    port: 9092,
    hosts: ['kafka', 'kafka-nodes', 'kafka-kafka-bootstrap', 'kafka-kafka-brokers'],
  },
  consul: { app: 'consul', port: 8500, hosts: ['consul', 'consul-nodes'] },
  eventStore: { app: 'kurrentdb', port: 2113, hosts: ['kurrentdb', 'kurrentdb-nodes'] },
} as const;

export interface SandboxServer {
  app: string;
  /** One for each party it stands in for, or one for all. */
  ports: Record<string, number>;
  /** Whether it calls the service it stands beside, as the real party does through the front door. */
  callsBack: boolean;
}

/** Stand-ins for outside parties, one pod each, by their names in the catalogue. */
export const sandboxServers = {
  payment: {
    app: 'payment-sandbox',
    ports: { stripe: 12111, paypal: 12113, square: 12114 },
    callsBack: true,
  },
  carriers: { app: 'carriers-sandbox', ports: { http: 12121 }, callsBack: false },
  mail: { app: 'mail-sandbox', ports: { http: 12131, smtp: 1025 }, callsBack: false },
} satisfies Record<ServiceEntry['sandboxes'][number], SandboxServer>;

export const usesTopics = ({ topics }: ServiceEntry) => topics.produces.length + topics.consumes.length > 0;

/** Name under which each instance of a service is reached by its own address (docs/adr/0009-discovery.md). */
export const instancesName = (service: Pick<ServiceEntry, 'name'>) => `${appName(service)}-instances`;

/** Port of every service that only accepts: a TCP check there asks the process itself. */
export const checkPort = 8502;

/** Secrets that several layers refer to. */
export const secretNames = {
  postgres: 'postgres-secret',
  redis: 'redis-secret',
  signingKeys: 'jwt-secret',
  consul: 'consul-secret',
  eventStore: 'kurrentdb-secret',
} as const;

/** Secret with a service's own Consul token. */
export const consulTokenName = (service: Pick<ServiceEntry, 'name'>) => `${service.name}-consul-secret`;
