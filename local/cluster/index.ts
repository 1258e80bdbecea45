import { LocalError } from '../errors';
import type { Progress } from '../progress';
import { type Cluster, findCluster } from './cluster';
import { importImages } from './containers';
import { builtParts, type ClusterParts } from './parts';
import { runningPid } from './processes';
import { type ClusterInfo, start } from './start';
import { type ClusterStatus, logs, status } from './status';
import { remove, stop } from './stop';

export type { ComponentStatus } from './status';
export type { ClusterInfo, ClusterParts, ClusterStatus };

export interface StartClusterOptions {
  profile: string;
  /** Loopback port of the front door. Default: the one it had; else 8080 for profile `default`, a free one for others. */
  frontDoorPort?: number;
  progress: Progress;
  /** Where programs and images come from. Default: built and cached by this repository. */
  parts?: ClusterParts;
}

/**
 * Starts the cluster of a profile, or whatever of it is missing, and waits until its add-ons serve. Data is kept from
 * one start to the next. Throws a LocalError that says what to do.
 */
export const startCluster = ({ parts = builtParts, ...options }: StartClusterOptions): Promise<ClusterInfo> =>
  start({ ...options, parts });

/** Ends every process and takes away every mount, interface, rule and cgroup. Data stays. Does nothing when stopped. */
export const stopCluster = (profile: string): Promise<void> => stop(profile);

/** Stops the cluster and removes its data. */
export const deleteCluster = (profile: string): Promise<void> => remove(profile);

export const clusterStatus = (profile: string): Promise<ClusterStatus> => status(profile);

/** The last lines a component wrote. */
export const componentLogs = async (profile: string, component: string, lines?: number): Promise<string> =>
  logs(profile, component, lines);

const running = (profile: string): Cluster => {
  const cluster = findCluster(profile);
  if (!cluster || !runningPid(cluster.pid('containerd'))) {
    throw new LocalError(`Cluster ${profile} is not running`, {
      hint: `Start it: platform cluster start --profile ${profile}`,
    });
  }
  return cluster;
};

/** Puts image archives (docker-archive files) into the cluster; those it has already cost nothing. */
export const loadImages = async (profile: string, archives: string[], progress: Progress): Promise<void> =>
  importImages(running(profile), archives, progress);
