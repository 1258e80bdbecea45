import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../exec';
import { endPods, removeCgroups } from './cgroups';
import type { Cluster } from './cluster';
import { removeNetwork } from './network';
import { endProcess, markedProcesses } from './processes';

/** Mount points below any of `dirs`, deepest first. Takes the text of /proc/self/mountinfo. */
export const mountsBelow = (mountinfo: string, dirs: string[]): string[] =>
  mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    // The kernel writes blanks in paths as octal.
    .map((path) =>
      path.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
    )
    .filter((path) => dirs.some((dir) => path.startsWith(`${dir}/`) || path === dir))
    .reverse();

export const leftMounts = (cluster: Cluster) =>
  mountsBelow(readFileSync('/proc/self/mountinfo', 'utf8'), [cluster.dir, cluster.runDir]);

const unmountAll = async (cluster: Cluster) => {
  for (let round = 0; round < 3; round++) {
    const mounts = leftMounts(cluster);
    if (mounts.length === 0) return;
    // Lazily: an ended process may not have let go of its files yet.
    await run('umount', ['-l', ...mounts]).catch(() => {});
  }
};

const entries = (dir: string) => (existsSync(dir) ? readdirSync(dir) : []);

const removeIfEmpty = (dir: string) => {
  try {
    rmdirSync(dir);
  } catch {
    // another cluster's, or never there
  }
};

/** Where the shim of a container has its socket: containerd knows one folder for all, and names by hash. */
export const shimSocket = (containerdSocket: string, id: string): string =>
  join(
    '/run/containerd/s',
    createHash('sha256')
      .update(join(containerdSocket, 'k8s.io', id))
      .digest('hex'),
  );

/** The kubelet, containerd and the CNI library put some things at fixed places, whatever they are told. */
const removeStrays = (cluster: Cluster) => {
  for (const name of entries('/var/log/containers')) {
    const link = join('/var/log/containers', name);
    if (lstatSync(link).isSymbolicLink() && readlinkSync(link).startsWith(cluster.data('pod-logs')))
      rmSync(link);
  }
  const results = '/var/lib/cni/results';
  const ours = new RegExp(`^${cluster.netns}-([0-9a-f]{64})-`);
  for (const name of entries(results)) {
    const id = ours.exec(name)?.[1];
    if (id) for (const file of [name, `cni-loopback-${id}-lo`]) rmSync(join(results, file), { force: true });
  }
  for (const id of entries(cluster.run('containerd', 'io.containerd.runtime.v2.task', 'k8s.io'))) {
    rmSync(shimSocket(cluster.run('containerd.sock'), id), { force: true });
  }
  for (const dir of ['/var/log/containers', results, '/var/lib/cni', '/run/containerd/s']) removeIfEmpty(dir);
};

/**
 * Takes away everything of a cluster that is not data: processes, mounts, cgroups, the network namespace, sockets.
 * Needs none of its components and may be called at any time, as often as one likes.
 */
export const sweep = async (cluster: Cluster, podGraceMs = 0): Promise<void> => {
  await endPods(cluster, podGraceMs);
  await Promise.all(markedProcesses(cluster.dir).map(({ pid }) => endProcess(pid, 2000)));
  await unmountAll(cluster);
  await removeCgroups(cluster);
  await removeNetwork(cluster);
  removeStrays(cluster);
  for (const dir of [cluster.runDir, cluster.data('pids')]) rmSync(dir, { recursive: true, force: true });
  removeIfEmpty(join(cluster.runDir, '..'));
};
