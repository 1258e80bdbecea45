import { stringify } from 'yaml';
import type { Cluster } from './cluster';
import { cniConfig, pluginFolder } from './cni';

const cri = 'plugins."io.containerd.grpc.v1.cri"';

/** containerd's own root, state and socket, so that it never meets another containerd of this machine. */
export const containerdConfig = (cluster: Cluster): string => `version = 2
root = "${cluster.data('containerd')}"
state = "${cluster.run('containerd')}"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]

[grpc]
  address = "${cluster.run('containerd.sock')}"

[plugins."io.containerd.internal.v1.opt"]
  path = "${cluster.data('containerd', 'opt')}"

[${cri}]
  sandbox_image = "${cluster.pauseImage}"
  # A root without CAP_SYS_RESOURCE may not lower a score: ask for what it may have.
  restrict_oom_score_adj = true
  # Under the state folder they can be told from those of other programs.
  netns_mounts_under_state_dir = true
  tolerate_missing_hugetlb_controller = true
  stream_server_address = "127.0.0.1"

[${cri}.cni]
  bin_dir = "${pluginFolder(cluster)}"
  conf_dir = "${cluster.data('config', 'cni')}"

[${cri}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[${cri}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
  BinaryName = "${cluster.tools.runc}"
  Root = "${cluster.run('runc')}"
  SystemdCgroup = false
`;

export const kubeletConfig = (cluster: Cluster): string =>
  stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: cluster.plan.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: cluster.data('pki', 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: cluster.data('pki', 'kubelet-server.crt'),
    tlsPrivateKeyFile: cluster.data('pki', 'kubelet-server.key'),
    cgroupDriver: 'cgroupfs',
    // A tree of its own: a kubelet ends what it does not know in the tree it is given.
    cgroupRoot: `/${cluster.cgroup}`,
    clusterDNS: [cluster.plan.dns],
    clusterDomain: 'cluster.local',
    containerRuntimeEndpoint: `unix://${cluster.run('containerd.sock')}`,
    containerLogMaxSize: '8Mi',
    containerLogMaxFiles: 2,
    // A crashing pod waits for something that starts beside it: minutes of back-off help nobody on one machine.
    crashLoopBackOff: { maxContainerRestartPeriod: '10s' },
    featureGates: { KubeletCrashLoopBackOffMax: true },
    evictionHard: { 'memory.available': '100Mi' },
    failCgroupV1: false,
    failSwapOn: false,
    // Images come from this machine and cannot be pulled again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    localStorageCapacityIsolation: false,
    podLogsDir: cluster.data('pod-logs'),
    resolvConf: cluster.data('config', 'resolv.conf'),
    serializeImagePulls: false,
    volumePluginDir: cluster.data('kubelet', 'plugins'),
  });

export const kubeProxyConfig = (cluster: Cluster): string =>
  stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: cluster.data('config', 'proxy.kubeconfig') },
    clusterCIDR: cluster.plan.pods,
    // Conntrack limits belong to the whole machine: they are not ours to change.
    conntrack: { maxPerCore: 0, min: 0, tcpCloseWaitTimeout: '0s', tcpEstablishedTimeout: '0s' },
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    hostnameOverride: cluster.node,
    iptables: { localhostNodePorts: false, minSyncPeriod: '200ms' },
  });

/** Files the components read, by path. */
export const configFiles = (cluster: Cluster): Record<string, string> => ({
  [cluster.data('config', 'containerd.toml')]: containerdConfig(cluster),
  [cluster.data('config', 'cni', '10-pods.conflist')]: cniConfig(cluster),
  [cluster.data('config', 'kubelet.yaml')]: kubeletConfig(cluster),
  [cluster.data('config', 'kube-proxy.yaml')]: kubeProxyConfig(cluster),
  // The machine's name servers cannot be reached from inside: asking them would only cost time.
  [cluster.data('config', 'resolv.conf')]: '# names outside the cluster do not resolve\n',
});
