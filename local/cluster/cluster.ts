import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { profileDir } from '../paths';
import { readJson, writeJson } from './files';
import { type AddressPlan, addressPlan, chooseSlot, slotsTaken } from './plan';

/** What is written down about a cluster; everything else follows from it. */
export interface ClusterRecord {
  slot: number;
  frontDoorPort: number;
  /** Absolute paths of the tools it was last started with, so that it can be stopped without looking for them. */
  tools: Record<string, string>;
  /** Reference of the image that holds a pod's namespaces open. */
  pauseImage: string;
}

/** A cluster of one profile: names, places and addresses. */
export interface Cluster extends ClusterRecord {
  profile: string;
  node: string;
  netns: string;
  hostLink: string;
  cgroup: string;
  plan: AddressPlan;
  /** Kept until `delete`: etcd, images, volumes, certificates. */
  dir: string;
  /** Gone after `stop`: sockets, mounts, container state. Short, because socket paths may have 107 bytes. */
  runDir: string;
  kubeconfig: string;
  data: (...parts: string[]) => string;
  run: (...parts: string[]) => string;
  log: (component: string) => string;
  pid: (component: string) => string;
}

const recordFile = (profile: string) => profileDir(profile, 'cluster', 'cluster.json');

export const describe = (profile: string, record: ClusterRecord): Cluster => {
  const dir = profileDir(profile, 'cluster');
  const runDir = join('/run/ecommerce-platform', profile);
  return {
    ...record,
    profile,
    node: `node-${profile}`,
    netns: `ecp-${profile}`,
    hostLink: `ecp-host${record.slot}`,
    cgroup: `ecp-${profile}`,
    plan: addressPlan(record.slot),
    dir,
    runDir,
    kubeconfig: profileDir(profile, 'kubeconfig'),
    data: (...parts) => join(dir, ...parts),
    run: (...parts) => join(runDir, ...parts),
    log: (component) => join(dir, 'logs', `${component}.log`),
    pid: (component) => join(dir, 'pids', `${component}.json`),
  };
};

/** The cluster of a profile, or undefined when the profile never had one. */
export const findCluster = (profile: string): Cluster | undefined => {
  const record = readJson<ClusterRecord>(recordFile(profile));
  return record && describe(profile, record);
};

/**
 * As `findCluster`, but of use for taking a cluster away even when its record cannot be read: all that is then unknown is
 * the name of its link to the host, and that goes with the network namespace.
 */
export const findRemains = (profile: string): Cluster | undefined => {
  try {
    return findCluster(profile);
  } catch {
    const unknown = { slot: 0, frontDoorPort: 0, tools: {}, pauseImage: '' };
    return { ...describe(profile, unknown), hostLink: 'ecp-unknown' };
  }
};

/** The cluster of a profile with `changes` written down; a first one is given a slot. */
export const recordCluster = (profile: string, changes: Partial<ClusterRecord>): Cluster => {
  mkdirSync(profileDir(profile, 'cluster'), { recursive: true, mode: 0o700 });
  const before = readJson<ClusterRecord>(recordFile(profile));
  const slot = before?.slot ?? chooseSlot(slotsTaken(profile));
  const record: ClusterRecord = {
    frontDoorPort: 8080,
    tools: {},
    pauseImage: '',
    ...before,
    ...changes,
    slot,
  };
  writeJson(recordFile(profile), record);
  return describe(profile, record);
};
