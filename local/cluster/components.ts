import type { Cluster } from './cluster';

export const componentNames = [
  'etcd',
  'containerd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'storage-provisioner',
  'front-door',
] as const;
export type ComponentName = (typeof componentNames)[number];

/** How to see that a component does its work: a port of its own it listens on, a socket that accepts, the API's own word. */
export type Ready = { listens: number } | { socket: string } | { api: true } | { lives: true };

export interface Component {
  name: ComponentName;
  /** Host components stand outside the cluster's network namespace. */
  at: 'cluster' | 'host';
  needs: ComponentName[];
  argv: (cluster: Cluster) => string[];
  ready: (cluster: Cluster) => Ready;
  /** What it may take on a busy machine, in seconds. */
  patience: number;
}

const flags = (values: Record<string, string | number | boolean>) =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

const pki = (cluster: Cluster, file: string) => cluster.data('pki', file);

/** The two control loops are told the same things. */
const loopFlags = (cluster: Cluster, user: string) => {
  const kubeconfig = cluster.data('config', `${user}.kubeconfig`);
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    // There is only one of each: an election would only delay it.
    'leader-elect': false,
    profiling: false,
  };
};

export const components: Component[] = [
  {
    name: 'etcd',
    at: 'cluster',
    needs: [],
    patience: 60,
    ready: () => ({ listens: 2379 }),
    argv: (cluster) => [
      cluster.tools.etcd!,
      ...flags({
        name: cluster.node,
        'data-dir': cluster.data('etcd'),
        'listen-client-urls': 'https://127.0.0.1:2379',
        'advertise-client-urls': 'https://127.0.0.1:2379',
        'listen-peer-urls': 'http://127.0.0.1:2380',
        'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
        'initial-cluster': `${cluster.node}=http://127.0.0.1:2380`,
        // The gateway shares the node's loopback: without a certificate nobody may read the data.
        'client-cert-auth': true,
        'trusted-ca-file': pki(cluster, 'etcd-ca.crt'),
        'cert-file': pki(cluster, 'etcd.crt'),
        'key-file': pki(cluster, 'etcd.key'),
        // Written pages survive the death of any process; only a power cut of the machine could lose the last seconds.
        'unsafe-no-fsync': true,
        'auto-compaction-retention': '1h',
        'snapshot-count': 20_000,
      }),
    ],
  },
  {
    name: 'containerd',
    at: 'cluster',
    needs: [],
    patience: 60,
    ready: (cluster) => ({ socket: cluster.run('containerd.sock') }),
    argv: (cluster) => [cluster.tools.containerd!, '--config', cluster.data('config', 'containerd.toml')],
  },
  {
    name: 'kube-apiserver',
    at: 'cluster',
    needs: ['etcd'],
    patience: 120,
    ready: () => ({ api: true }),
    argv: (cluster) => [
      cluster.tools['kube-apiserver']!,
      ...flags({
        'advertise-address': cluster.plan.nodeAddress,
        'allow-privileged': false,
        'anonymous-auth': false,
        'authorization-mode': 'Node,RBAC',
        'cert-dir': cluster.data('pki'),
        'client-ca-file': pki(cluster, 'ca.crt'),
        'enable-admission-plugins': 'NodeRestriction',
        'etcd-servers': 'https://127.0.0.1:2379',
        'etcd-cafile': pki(cluster, 'etcd-ca.crt'),
        'etcd-certfile': pki(cluster, 'apiserver-etcd.crt'),
        'etcd-keyfile': pki(cluster, 'apiserver-etcd.key'),
        'kubelet-certificate-authority': pki(cluster, 'ca.crt'),
        'kubelet-client-certificate': pki(cluster, 'apiserver-kubelet.crt'),
        'kubelet-client-key': pki(cluster, 'apiserver-kubelet.key'),
        // Node names do not resolve.
        'kubelet-preferred-address-types': 'InternalIP',
        profiling: false,
        'proxy-client-cert-file': pki(cluster, 'front-proxy.crt'),
        'proxy-client-key-file': pki(cluster, 'front-proxy.key'),
        'requestheader-client-ca-file': pki(cluster, 'front-proxy-ca.crt'),
        'requestheader-allowed-names': 'front-proxy-client',
        'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
        'requestheader-group-headers': 'X-Remote-Group',
        'requestheader-username-headers': 'X-Remote-User',
        'secure-port': 6443,
        'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
        'service-account-key-file': pki(cluster, 'service-accounts.key'),
        'service-account-signing-key-file': pki(cluster, 'service-accounts.key'),
        'service-cluster-ip-range': cluster.plan.services,
        'shutdown-delay-duration': '0s',
        'tls-cert-file': pki(cluster, 'apiserver.crt'),
        'tls-private-key-file': pki(cluster, 'apiserver.key'),
      }),
    ],
  },
  {
    name: 'kube-controller-manager',
    at: 'cluster',
    needs: ['kube-apiserver'],
    patience: 60,
    ready: () => ({ listens: 10257 }),
    argv: (cluster) => [
      cluster.tools['kube-controller-manager']!,
      ...flags({
        ...loopFlags(cluster, 'controller-manager'),
        'allocate-node-cidrs': false,
        'cluster-signing-cert-file': pki(cluster, 'ca.crt'),
        'cluster-signing-key-file': pki(cluster, 'ca.key'),
        'root-ca-file': pki(cluster, 'ca.crt'),
        'service-account-private-key-file': pki(cluster, 'service-accounts.key'),
        'use-service-account-credentials': true,
      }),
    ],
  },
  {
    name: 'kube-scheduler',
    at: 'cluster',
    needs: ['kube-apiserver'],
    patience: 60,
    ready: () => ({ listens: 10259 }),
    argv: (cluster) => [cluster.tools['kube-scheduler']!, ...flags(loopFlags(cluster, 'scheduler'))],
  },
  {
    name: 'kubelet',
    at: 'cluster',
    needs: ['kube-apiserver', 'containerd'],
    patience: 60,
    ready: () => ({ listens: 10250 }),
    argv: (cluster) => [
      cluster.tools.kubelet!,
      ...flags({
        config: cluster.data('config', 'kubelet.yaml'),
        kubeconfig: cluster.data('config', 'kubelet.kubeconfig'),
        'cert-dir': cluster.data('kubelet', 'pki'),
        'root-dir': cluster.data('kubelet'),
        'hostname-override': cluster.node,
        'node-ip': cluster.plan.nodeAddress,
      }),
    ],
  },
  {
    name: 'kube-proxy',
    at: 'cluster',
    needs: ['kube-apiserver'],
    patience: 60,
    ready: () => ({ listens: 10256 }),
    argv: (cluster) => [
      cluster.tools['kube-proxy']!,
      `--config=${cluster.data('config', 'kube-proxy.yaml')}`,
    ],
  },
  {
    name: 'storage-provisioner',
    at: 'cluster',
    needs: ['kube-apiserver'],
    patience: 20,
    ready: () => ({ lives: true }),
    argv: (cluster) => [
      cluster.tools['storage-provisioner']!,
      ...flags({
        server: `https://${cluster.plan.nodeAddress}:6443`,
        ca: pki(cluster, 'ca.crt'),
        cert: pki(cluster, 'storage-provisioner.crt'),
        key: pki(cluster, 'storage-provisioner.key'),
        class: 'standard',
        node: cluster.node,
        folder: cluster.data('volumes'),
      }),
    ],
  },
  {
    name: 'front-door',
    at: 'host',
    needs: [],
    patience: 10,
    ready: (cluster) => ({ listens: cluster.frontDoorPort }),
    argv: (cluster) => [
      cluster.tools['front-door']!,
      ...flags({ listen: `127.0.0.1:${cluster.frontDoorPort}`, to: `${cluster.plan.nodeAddress}:8080` }),
    ],
  },
];

export const componentTools = (): string[] => [...componentNames, 'ctr', 'runc', 'cni', 'istio-cni'];
