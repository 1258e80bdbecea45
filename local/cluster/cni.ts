// How pods get their network: a bridge, and for those of the mesh the redirection into their sidecar.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster';

/** containerd looks for plugins in one folder only. */
export const pluginFolder = (cluster: Cluster) => cluster.data('cni');

/** What the redirecting plugin reads and writes: how to reach the API, and its log. */
export const redirectFolder = (cluster: Cluster) => cluster.data('config', 'istio-cni');

const bridgePlugins = ['bridge', 'host-local', 'loopback', 'portmap'];

/** Plugin name → program. */
export const plugins = (cluster: Cluster): Record<string, string> => ({
  ...Object.fromEntries(bridgePlugins.map((name) => [name, join(cluster.tools.cni!, name)])),
  'istio-cni': cluster.tools['istio-cni']!,
});

export const linkPlugins = (cluster: Cluster): void => {
  const folder = pluginFolder(cluster);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, program] of Object.entries(plugins(cluster))) symlinkSync(program, join(folder, name));
};

/**
 * Pods on a bridge. No masquerading: there is nowhere outside to hide their addresses from. The last plugin sends the traffic of pods
 * that have a sidecar through it. It does so from outside the pod, so that no container of the pod needs a capability.
 */
export const cniConfig = (cluster: Cluster): string =>
  JSON.stringify(
    {
      cniVersion: '0.4.0',
      name: cluster.netns,
      plugins: [
        {
          type: 'bridge',
          bridge: 'cni0',
          isGateway: true,
          ipMasq: false,
          // A pod must reach itself through its own Service.
          hairpinMode: true,
          ipam: {
            type: 'host-local',
            dataDir: cluster.run('cni'),
            ranges: [[{ subnet: cluster.plan.pods, gateway: cluster.plan.podGateway }]],
            routes: [{ dst: '0.0.0.0/0' }],
          },
        },
        { type: 'portmap', capabilities: { portMappings: true }, snat: true },
        {
          type: 'istio-cni',
          cni_agent_run_dir: redirectFolder(cluster),
          plugin_log_level: 'warn',
          // They have no sidecars, and must start while the API server is still busy.
          exclude_namespaces: ['kube-system', 'istio-system', 'istio-ingress'],
        },
      ],
    },
    null,
    2,
  );
