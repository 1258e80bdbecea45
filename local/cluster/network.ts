import { existsSync } from 'node:fs';
import { run } from '../exec';
import type { Cluster } from './cluster';

const hint = 'Network namespaces need root and a kernel with veth and bridge support: platform doctor';

/**
 * One namespace for the node and its pods. It has a way to the host and no default route, so nothing inside can send
 * a packet to another machine. Service addresses end at an empty bridge: a route must exist for kube-proxy's rules to
 * see a packet, and what no rule takes is dropped there.
 */
export const networkCommands = ({ netns, hostLink, plan }: Cluster) => ({
  host: [
    `link add ${hostLink} type veth peer name eth0 netns ${netns}`,
    `address replace ${plan.hostAddress}/${plan.linkPrefix} dev ${hostLink}`,
    `link set ${hostLink} up`,
  ],
  inside: [
    'link set lo up',
    `address replace ${plan.nodeAddress}/${plan.linkPrefix} dev eth0`,
    'link set eth0 up',
    'link add services type bridge',
    'link set services up',
    `route replace ${plan.services} dev services`,
  ],
});

const ip = (args: string[]) => run('ip', args, { hint });

/** Every command may meet what an earlier, killed start has made already. */
const ipUnlessThere = async (args: string[]) => {
  try {
    await ip(args);
  } catch (error) {
    if (!/File exists/.test((error as Error).message)) throw error;
  }
};

export const netnsExists = (cluster: Cluster) => existsSync(`/run/netns/${cluster.netns}`);

/** Makes the namespace and its way to the host, or completes what is there. */
export const ensureNetwork = async (cluster: Cluster): Promise<void> => {
  await ipUnlessThere(['netns', 'add', cluster.netns]);
  const { host, inside } = networkCommands(cluster);
  for (const command of host) await ipUnlessThere(command.split(' '));
  for (const command of inside) await ipUnlessThere(['-n', cluster.netns, ...command.split(' ')]);
};

/** Takes the namespace away, and with it every interface, route and iptables rule of the cluster. */
export const removeNetwork = async (cluster: Cluster): Promise<void> => {
  if (existsSync(`/sys/class/net/${cluster.hostLink}`)) await run('ip', ['link', 'delete', cluster.hostLink]);
  if (netnsExists(cluster)) await run('ip', ['netns', 'delete', cluster.netns]);
};
