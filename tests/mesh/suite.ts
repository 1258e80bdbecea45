// A namespace of the mesh with a server in two versions and three clients, made by the platform's own specs.
import { readFileSync } from 'node:fs';
import { authorizationPolicySpec, sidecarSpec } from '../../infra/components/access-spec';
import { allowNothingSpec, strictSpec } from '../../infra/components/mesh-defaults';
import type { Colour } from '../../infra/components/names';
import type { Peer } from '../../infra/components/network-policy';
import { serviceSpec } from '../../infra/components/service';
import { destinationRuleSpec, meshRouteSpec, type TrafficFigures } from '../../infra/components/traffic-spec';
import { deploymentSpec, type WorkloadArgs } from '../../infra/components/workload-spec';
import { namespaceLabels } from '../../infra/stacks/platform';
import { apply, kubectl } from '../journey/platform';

export const namespace = 'mesh-suite';
const port = 3000;

export const client = (name: string) => `deployment/${name}-blue`;
type Client = 'caller' | 'stranger' | 'plain';

export interface Load {
  path?: string;
  headers?: Record<string, string>;
  /** How many; or `seconds` of them. */
  requests?: number;
  seconds?: number;
  connections?: number;
  /** Between the first requests of two connections. */
  spacingMs?: number;
}

export interface Counts {
  total: number;
  status: Record<string, number>;
  version: Record<string, number>;
  pod: Record<string, number>;
  slowestMs: number;
  /** Codes of requests that got no answer. */
  errors: string[];
}

const script = (name: string) => readFileSync(require.resolve(`./${name}.cjs`), 'utf8');

/** Requests to the server from inside a client's pod. */
export async function load(from: Client, { path = '/', ...more }: Load, host = 'echo'): Promise<Counts> {
  const wanted = JSON.stringify({
    url: `http://${host}${path}`,
    headers: {},
    connections: 1,
    spacingMs: 0,
    ...more,
  });
  const exec = [
    'exec',
    '-n',
    namespace,
    client(from),
    '-c',
    'service',
    '--',
    'node',
    '-e',
    script('load'),
    wanted,
  ];
  return JSON.parse(await kubectl(...exec));
}

const traffic: TrafficFigures = {
  maxConnections: 100,
  http1MaxPendingRequests: 50,
  maxRequestsPerConnection: 10,
  consecutive5xxErrors: 5,
  // R7's are 30 s each. What is measured is that a pod leaves and comes back.
  interval: '1s',
  baseEjectionTime: '4s',
  maxEjectionPercent: 50,
  timeout: '15s',
};
const args = { namespace, app: 'echo', traffic };

const metadata = (name: string, labels: Record<string, string> = {}) => ({ name, namespace, labels });

const deployment = (image: string, app: string, more: Partial<WorkloadArgs> = {}, inject = true) => {
  const colour: Colour = more.colour ?? 'blue';
  const spec = deploymentSpec({
    ...{ namespace, app, colour, version: 'v1', image, port, replicas: 1, env: [], mounts: [] },
    ...{ migrate: false, spread: false, serviceAccountName: app },
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '1', memory: '128Mi' } },
    liveness: { path: '/health', initialDelaySeconds: 0, periodSeconds: 10 },
    readiness: { path: '/ready', initialDelaySeconds: 0, periodSeconds: 1 },
    ...more,
    // biome-ignore lint/suspicious/noExplicitAny: Pulumi's inputs may be promises; here they are plain
  }) as any;
  const [container] = spec.template.spec.containers;
  Object.assign(container, { command: ['node', '-e', script('echo')] });
  container.env.push({ name: 'PORT', value: String(port) });
  if (!inject) spec.template.metadata.labels['sidecar.istio.io/inject'] = 'false';
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata(`${app}-${colour}`), spec };
};

const identity = (app: string, ingress: Peer[], egress: Peer[]) => [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(app) },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: metadata(app),
    spec: authorizationPolicySpec({ namespace, app, ingress }),
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: metadata(app),
    spec: sidecarSpec({ namespace, app, egress }),
  },
];

const toEcho: Peer[] = [{ to: 'app', app: 'echo', port }];

/** The caller is declared. The stranger knows the way and has an identity, but nobody declared it. The plain one has no proxy. */
const objects = (image: string) => [
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: metadata('default'),
    spec: strictSpec,
  },
  {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: metadata('allow-nothing'),
    spec: allowNothingSpec,
  },
  ...identity('echo', [{ to: 'app', app: 'caller', port }], []),
  ...identity('caller', [], toEcho),
  ...identity('stranger', [], toEcho),
  ...identity('plain', [], []),
  { apiVersion: 'v1', kind: 'Service', metadata: metadata('echo'), spec: serviceSpec({ app: 'echo' }, port) },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: metadata('echo'),
    spec: destinationRuleSpec(args),
  },
  {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: metadata('echo-mesh'),
    spec: meshRouteSpec(args),
  },
  deployment(image, 'echo', { replicas: 2 }),
  deployment(image, 'echo', { colour: 'green', version: 'v2' }),
  deployment(image, 'caller'),
  deployment(image, 'stranger'),
  deployment(image, 'plain', {}, false),
];

/** Any service's image: there is a Node in it. */
const anyImage = () =>
  kubectl(
    ...['get', 'deployment', 'product-service-blue', '-n', 'ecommerce-platform'],
    ...['-o', 'jsonpath={.spec.template.spec.containers[0].image}'],
  );

export async function deploy(): Promise<void> {
  const labels = namespaceLabels({ namespace, config: { environment: 'local' } });
  await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }]);
  await apply(objects(await anyImage()));
  await kubectl('wait', '-n', namespace, 'deployment', '--all', '--for=condition=Available', '--timeout=90s');
}

export const remove = () => kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');

/** Puts values in at paths of the route between the versions, as the release tool does. */
export const patchRoute = (values: Record<string, unknown>) => {
  const patch = Object.entries(values).map(([path, value]) => ({ op: 'replace', path, value }));
  return kubectl(
    ...['patch', 'virtualservice', 'echo-mesh', '-n', namespace],
    ...['--type=json', `-p=${JSON.stringify(patch)}`],
  );
};

/** Share of the green colour, percent. */
export const setWeights = (green: number) =>
  patchRoute({ '/spec/http/3/route/0/weight': 100 - green, '/spec/http/3/route/1/weight': green });
