// Resources that break no rule; fixtures are these with one thing changed.
import { UNKNOWN } from '../fields';
import type { Plain } from '../rule';

export interface Sample {
  type: string;
  name: string;
  props: Record<string, unknown>;
  ignoreChanges?: string[];
  providerNamespace?: string;
  /** as in `Resource` */
  references?: Record<string, string[]>;
}

/** Dotted path → new value; `undefined` removes. Numbers are list positions; `\.` is a dot inside a key. */
export type Patch = Record<string, unknown>;
export { UNKNOWN };

export function patched(sample: Sample, patch: Patch): Sample {
  const copy = structuredClone(sample);
  for (const [path, value] of Object.entries(patch)) {
    const keys = path.split(/(?<!\\)\./).map((key) => key.replaceAll('\\.', '.'));
    const last = keys.pop() as string;
    let holder: Plain = copy.props;
    for (const key of keys) holder = holder[key] ??= {};
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return copy;
}

const labels = () => ({
  app: 'shop',
  version: 'v1',
  'app.kubernetes.io/name': 'shop',
  'app.kubernetes.io/part-of': 'store',
  'app.kubernetes.io/component': 'service',
  'app.kubernetes.io/managed-by': 'pulumi',
});

const container = (name: string, more = {}) => ({
  name,
  image: `localhost/store/${name}:0123456789abcdef`,
  env: [{ name: 'LOG_LEVEL', value: 'info' }],
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
  ...more,
});

const probe = (path: string) => ({ httpGet: { path, port: 3001 } });

const template = () => ({
  metadata: { labels: labels() },
  spec: {
    serviceAccountName: 'shop',
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
    initContainers: [container('migrate')],
    containers: [container('shop', { livenessProbe: probe('/health'), readinessProbe: probe('/ready') })],
    volumes: [{ name: 'tmp', emptyDir: {} }],
    topologySpreadConstraints: [{ topologyKey: 'topology.kubernetes.io/zone' }],
  },
});

const metadata = (name: string) => ({ name, namespace: 'store', labels: labels() });

export const deployment = (patch: Patch = {}): Sample =>
  patched(
    {
      type: 'kubernetes:apps/v1:Deployment',
      name: 'shop',
      props: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: metadata('shop'),
        spec: { template: template() },
      },
    },
    patch,
  );

/** A deployment whose main container is changed; paths begin at the container. */
export const withContainer = (patch: Patch): Sample =>
  deployment(
    Object.fromEntries(
      Object.entries(patch).map(([key, value]) => [`spec.template.spec.containers.0.${key}`, value]),
    ),
  );

/** A deployment whose pod is changed; paths begin at the pod's spec. */
export const withPod = (patch: Patch): Sample =>
  deployment(
    Object.fromEntries(Object.entries(patch).map(([key, value]) => [`spec.template.spec.${key}`, value])),
  );

/** The same pod in every kind that owns pods, changed; paths begin at the pod's spec. */
export function everyOwner(patch: Patch = {}): Sample[] {
  const changed = () => {
    const sample = withPod(patch).props as Plain;
    return sample.spec.template;
  };
  const owner = (api: string, kind: string, spec: unknown): Sample => ({
    type: `kubernetes:${api}:${kind}`,
    name: `shop-${kind.toLowerCase()}`,
    props: { apiVersion: api.replace('core/', ''), kind, metadata: metadata('shop'), spec },
  });
  return [
    owner('core/v1', 'Pod', changed().spec),
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind) =>
      owner('apps/v1', kind, { template: changed(), ...(kind === 'StatefulSet' && { replicas: 2 }) }),
    ),
    owner('batch/v1', 'Job', { template: changed() }),
    owner('batch/v1', 'CronJob', { schedule: '@daily', jobTemplate: { spec: { template: changed() } } }),
  ];
}

/** A resource of AWS, its type written without the package. */
export const aws =
  (type: string, name: string, props: Record<string, unknown>) =>
  (patch: Patch = {}): Sample =>
    patched({ type: `aws:${type}`, name, props }, patch);

export const resource =
  (type: string, name: string, props: Record<string, unknown>) =>
  (patch: Patch = {}): Sample => {
    const [, api = '', kind = ''] = type.split(':');
    const base = { apiVersion: api.replace('core/', ''), kind, metadata: { name, namespace: 'store' } };
    return patched({ type, name, props: { ...base, ...props } }, patch);
  };

export const networkPolicy = resource('kubernetes:networking.k8s.io/v1:NetworkPolicy', 'shop', {
  spec: { podSelector: { matchLabels: { app: 'shop' } }, policyTypes: ['Ingress', 'Egress'] },
});
export const service = resource('kubernetes:core/v1:Service', 'shop', {
  spec: { type: 'ClusterIP', ports: [{ name: 'http', port: 80, targetPort: 3001 }] },
});
export const configMap = resource('kubernetes:core/v1:ConfigMap', 'shop', { data: { 'log.level': 'info' } });
export const budget = resource('kubernetes:policy/v1:PodDisruptionBudget', 'shop', {
  spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'shop' } } },
});
export const autoscaler = resource('kubernetes:autoscaling/v2:HorizontalPodAutoscaler', 'shop', {
  spec: {
    minReplicas: 3,
    maxReplicas: 20,
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
  },
});
export const role = resource('kubernetes:rbac.authorization.k8s.io/v1:Role', 'shop', {
  rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'watch'] }],
});
export const binding = resource('kubernetes:rbac.authorization.k8s.io/v1:RoleBinding', 'shop', {
  roleRef: { kind: 'Role', name: 'shop' },
  subjects: [{ kind: 'ServiceAccount', name: 'shop' }],
});
const to = (subset: string, weight: number) => ({ destination: { host: 'shop', subset }, weight });
export const virtualService = resource('kubernetes:networking.istio.io/v1:VirtualService', 'shop', {
  spec: {
    hosts: ['shop'],
    http: [
      {
        match: [{ headers: { 'test-fault': { exact: 'delay' } } }],
        fault: { delay: { fixedDelay: '5s', percentage: { value: 0.1 } } },
        route: [to('v1', 100)],
      },
      { match: [{ headers: { version: { exact: 'v2' } } }], route: [to('v2', 100)] },
      { route: [to('v1', 90), to('v2', 10)] },
    ],
  },
});
export const destinationRule = resource('kubernetes:networking.istio.io/v1:DestinationRule', 'shop', {
  spec: { host: 'shop.store.svc.cluster.local', subsets: [{ name: 'v1' }, { name: 'v2' }] },
});
export const peerAuthentication = resource('kubernetes:security.istio.io/v1:PeerAuthentication', 'default', {
  spec: { mtls: { mode: 'STRICT' } },
});
export const telemetry = resource('kubernetes:telemetry.istio.io/v1:Telemetry', 'telemetry', {
  spec: { accessLogging: [{ providers: [{ name: 'envoy' }] }] },
});
export const gateway = resource('kubernetes:networking.istio.io/v1:Gateway', 'front', {
  spec: {
    servers: [
      { port: { number: 80, protocol: 'HTTP' }, tls: { httpsRedirect: true }, hosts: ['*'] },
      {
        port: { number: 443, protocol: 'HTTPS' },
        tls: { mode: 'SIMPLE', minProtocolVersion: 'TLSV1_3' },
        hosts: ['*'],
      },
    ],
  },
});
export const release = resource('kubernetes:helm.sh/v3:Release', 'chart', { chart: 'shop' });

/** A stack that breaks no rule at all. */
export const compliantStack = (): Sample[] => [
  ...everyOwner().slice(0, 1),
  deployment(),
  ...everyOwner().slice(2),
  networkPolicy(),
  service(),
  configMap(),
  budget(),
  autoscaler(),
  role(),
  binding(),
  virtualService(),
  destinationRule(),
  peerAuthentication(),
  gateway(),
];

/** The property is made of an output of the other resource, so its value is unknown at preview and its source known. */
export const madeOf = (sample: Sample, property: string, type: string, name: string): Sample => ({
  ...sample,
  props: { ...sample.props, [property]: UNKNOWN },
  references: { [property]: [`urn:pulumi:stack::project::aws:${type}::${name}`] },
});
/** The same, of a source that nobody can tell. */
export const anonymous = (sample: Sample, property: string): Sample => ({
  ...sample,
  props: { ...sample.props, [property]: UNKNOWN },
  references: {},
});
