import { existsSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { profileDir } from '../paths';
import { endPods } from './cgroups';
import { type Cluster, findRemains } from './cluster';
import type { ComponentName } from './components';
import { forgetContainers } from './containers';
import { runningPid, withLock } from './processes';
import { stopComponents } from './supervise';
import { sweep } from './sweep';

/** Ends everything and leaves only data. `podGraceMs`: how long pods may take to end by themselves. */
export const stop = async (profile: string, podGraceMs = 8000): Promise<void> => {
  const cluster = findRemains(profile);
  if (!cluster) return;
  await withLock(profileDir(profile, 'cluster.lock'), `Profile ${profile}`, () =>
    stopUnlocked(cluster, podGraceMs),
  );
};

const stopUnlocked = async (cluster: Cluster, podGraceMs: number) => {
  const mine =
    !existsSync(cluster.run('owner')) || readFileSync(cluster.run('owner'), 'utf8') === cluster.dir;
  if (!mine) return; // another home runs a profile of this name; ours is stopped
  const stopNamed = (names: ComponentName[], graceMs: number) => stopComponents(cluster, names, graceMs);
  // First what would start pods again, then the pods, then what they stand on.
  await stopNamed(
    [
      'front-door',
      'storage-provisioner',
      'kubelet',
      'kube-proxy',
      'kube-scheduler',
      'kube-controller-manager',
    ],
    3000,
  );
  await endPods(cluster, podGraceMs);
  if (runningPid(cluster.pid('containerd'))) await forgetContainers(cluster).catch(() => {});
  await stopNamed(['kube-apiserver', 'containerd'], 5000);
  await stopNamed(['etcd'], 5000);
  await sweep(cluster);
};

/** Stops the cluster and removes all its data. */
export const remove = async (profile: string): Promise<void> => {
  const cluster = findRemains(profile);
  if (cluster) await stop(profile, 0);
  for (const file of ['cluster', 'kubeconfig', 'cluster.lock']) {
    rmSync(profileDir(profile, file), { recursive: true, force: true });
  }
  try {
    rmdirSync(profileDir(profile));
  } catch {
    // it also holds what is not the cluster's, or was never there
  }
};
