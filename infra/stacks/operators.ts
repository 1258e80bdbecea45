import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions, Resource } from '@pulumi/pulumi';
import type { AwsSettings } from '../aws-settings';
import { Component } from '../components/component';
import { kongCompression } from '../components/gateway/compression';
import { labelsOf } from '../components/names';
import type { PlatformConfig } from '../config';
import { frontDoorOf } from './context';

type Settings = Pick<PlatformConfig, 'gateway' | 'aws' | 'tracingProvider' | 'tracingCollector'>;

/** Where a load balancer of ours finds the front door on every node. Without one the chart's Service asks the cloud for its own. */
type NodePorts = Pick<AwsSettings['edge'], 'nodePort' | 'healthNodePort'> | undefined;

/** A chart as its publisher names it, at one exact version. */
interface Chart {
  /** Also the release's name. */
  name: string;
  chart: string;
  version: string;
  repository: string;
  namespace: string;
  /** Charts that have to be there first, by `name`. */
  after?: string[];
  values: Record<string, unknown>;
}

const istioVersion = '1.31.0';
const istioCharts = 'https://istio-release.storage.googleapis.com/charts';
const istio = (name: string, chart: string, values: Record<string, unknown>, after: string[]): Chart => ({
  ...{ name, chart, version: istioVersion, repository: istioCharts, namespace: 'istio-system' },
  ...{ values, after },
});

/** Two of everything that requests wait for. */
const pair = { min: 2, max: 5 };

/** The provider that Telemetry of the mesh layer names, and where it sends. */
const tracing = ({ tracingProvider, tracingCollector }: Settings) =>
  tracingProvider && tracingCollector
    ? {
        extensionProviders: [
          {
            name: tracingProvider,
            opentelemetry: {
              service: `${tracingCollector.service}.istio-system.svc.cluster.local`,
              port: tracingCollector.port,
            },
          },
        ],
      }
    : {};

const mesh = (settings: Settings): Chart[] => [
  istio('istio-base', 'base', { defaultRevision: 'default' }, []),
  istio('istio-cni', 'cni', { resources: { requests: { cpu: '50m', memory: '64Mi' } } }, ['istio-base']),
  istio(
    'istiod',
    'istiod',
    {
      // Pods need no right to change their network: the node's plugin does it.
      cni: { enabled: true },
      autoscaleMin: pair.min,
      autoscaleMax: pair.max,
      env: {
        ENABLE_NATIVE_SIDECARS: 'true',
        // With STRICT mutual TLS only a proxy can fetch the issuer's keys.
        PILOT_JWT_ENABLE_REMOTE_JWKS: 'envoy',
      },
      meshConfig: {
        accessLogFile: '',
        meshMTLS: { minProtocolVersion: 'TLSV1_3' },
        // What the catalogue does not let out stays in.
        outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
        pathNormalization: { normalization: 'DECODE_AND_MERGE_SLASHES' },
        ...tracing(settings),
      },
      resources: { requests: { cpu: '500m', memory: '2Gi' }, limits: { memory: '4Gi' } },
    },
    ['istio-cni'],
  ),
];

/** cert-manager, External Secrets and Strimzi: certificates, secrets from the vault, Kafka. */
const controllers: Chart[] = [
  {
    name: 'cert-manager',
    chart: 'cert-manager',
    version: 'v1.21.2',
    repository: 'https://charts.jetstack.io',
    namespace: 'cert-manager',
    values: { crds: { enabled: true, keep: true }, replicaCount: 2, webhook: { replicaCount: 3 } },
  },
  {
    name: 'external-secrets',
    chart: 'external-secrets',
    version: '1.3.2',
    repository: 'https://charts.external-secrets.io',
    namespace: 'external-secrets',
    values: { installCRDs: true, replicaCount: 2, leaderElect: true },
  },
  {
    name: 'strimzi',
    chart: 'strimzi-kafka-operator',
    version: '1.0.1',
    repository: 'https://strimzi.io/charts',
    namespace: 'strimzi',
    values: { watchNamespaces: ['ecommerce-platform'], replicas: 2 },
  },
];

/** The pods that face the outside. Where they stand, and as whom, is what policies in the mesh go by. */
const frontDoors: Record<Settings['gateway'], (nodePorts: NodePorts) => Chart> = {
  istio: (nodePorts) => {
    const { namespace, serviceAccount, service, health } = frontDoorOf({ gateway: 'istio' });
    const port = (name: string, number: number, nodePort?: number) => ({
      ...{ name, port: number, targetPort: number, protocol: 'TCP' },
      ...(nodePort && { nodePort }),
    });
    return {
      ...istio(service, 'gateway', {}, ['istiod']),
      namespace,
      values: {
        autoscaling: { enabled: true, minReplicas: pair.min, maxReplicas: 10 },
        podDisruptionBudget: { minAvailable: 1 },
        serviceAccount: { name: serviceAccount },
        ...(nodePorts && {
          service: {
            type: 'NodePort',
            ports: [
              port('status-port', health.port, nodePorts.healthNodePort),
              port('http2', 80),
              port('https', 443, nodePorts.nodePort),
            ],
          },
        }),
      },
    };
  },
  kong: (nodePorts) => {
    const { namespace, serviceAccount } = frontDoorOf({ gateway: 'kong' });
    return {
      name: 'kong',
      chart: 'ingress',
      version: '0.24.0',
      repository: 'https://charts.konghq.com',
      namespace,
      after: ['istiod'],
      values: {
        gateway: {
          deployment: { serviceAccount: { name: serviceAccount } },
          // TLS 1.3 and nothing older.
          env: { ssl_cipher_suite: 'modern', ssl_protocols: 'TLSv1.3', ...kongCompression },
          // Nobody manages Kong by hand, and the chart would open its pages on every node.
          manager: { enabled: false },
          autoscaling: { enabled: true, minReplicas: pair.min, maxReplicas: 10 },
          podDisruptionBudget: { enabled: true },
          ...(nodePorts && { proxy: { type: 'NodePort', tls: { nodePort: nodePorts.nodePort } } }),
        },
      },
    };
  },
};

/** Front doors stand in the mesh: their pods get a sidecar as those behind them do. */
const inMesh = ['kong'];

export const chartsFor = (settings: Settings): Chart[] => [
  ...mesh(settings),
  ...controllers,
  frontDoors[settings.gateway](settings.aws?.edge),
];

/** Ground of a cluster that starts empty: what the custom resources of all other layers are made for. The embedded cluster brings its own. */
export class OperatorsLayer extends Component {
  constructor(name: string, config: PlatformConfig, options?: ComponentResourceOptions) {
    super('OperatorsLayer', name, options);
    const releases = new Map<string, k8s.helm.v3.Release>();
    const namespaces = new Map<string, k8s.core.v1.Namespace>();
    for (const chart of chartsFor(config)) {
      const namespace = namespaces.get(chart.namespace) ?? this.namespace(chart.namespace);
      namespaces.set(chart.namespace, namespace);
      const after = (chart.after ?? []).flatMap((one) => releases.get(one) ?? []);
      releases.set(chart.name, this.release(chart, [namespace, ...after]));
    }
    // Kong's chart has no Service for the port that says whether a pod can take requests.
    const door = namespaces.get(frontDoorOf(config).namespace);
    if (config.gateway === 'kong' && config.aws && door) this.healthService(config.aws.edge, door);
    this.registerOutputs({});
  }

  private namespace(name: string) {
    return new k8s.core.v1.Namespace(
      `${name}-namespace`,
      {
        metadata: {
          name,
          labels: {
            ...labelsOf({ app: name, component: 'operator' }),
            ...(inMesh.includes(name) ? { 'istio-injection': 'enabled' } : {}),
          },
        },
      },
      this.child(),
    );
  }

  private healthService({ healthNodePort }: NonNullable<NodePorts>, door: Resource) {
    const { namespace, labels, health } = frontDoorOf({ gateway: 'kong' });
    const name = 'front-door-health';
    new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: {
          name,
          namespace,
          labels: labelsOf({ app: name, component: 'gateway' }),
          annotations: {
            'platform-policy/exposed': 'only the load balancer reaches it, to ask whether Kong is well',
          },
        },
        spec: {
          type: 'NodePort',
          selector: labels,
          ports: [
            {
              name: 'http',
              appProtocol: 'http',
              port: health.port,
              targetPort: health.port,
              nodePort: healthNodePort,
            },
          ],
        },
      },
      this.child({ dependsOn: door }),
    );
  }

  private release({ name, chart, version, repository, namespace, values }: Chart, dependsOn: Resource[]) {
    return new k8s.helm.v3.Release(
      `${name}-release`,
      {
        ...{ name, chart, version, namespace, values },
        repositoryOpts: { repo: repository },
        // All of a release or nothing of it; ten minutes, because nodes may have to be added first.
        atomic: true,
        timeout: 600,
      },
      this.child({ dependsOn }),
    );
  }
}
