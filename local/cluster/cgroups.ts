import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster';
import { parseStat } from './processes';

const root = '/sys/fs/cgroup';

/** The cluster's folder in every cgroup hierarchy: one with cgroup v2, one per controller with v1. */
export const cgroupDirs = (cluster: Cluster): string[] => {
  if (existsSync(join(root, 'cgroup.controllers'))) return [join(root, cluster.cgroup)];
  return readdirSync(root)
    .filter((name) => existsSync(join(root, name, 'cgroup.procs')))
    .map((name) => join(root, name, cluster.cgroup));
};

/** The kubelet expects the root of its tree to exist. */
export const ensureCgroups = (cluster: Cluster): void => {
  for (const dir of cgroupDirs(cluster)) {
    mkdirSync(dir, { recursive: true });
    const parent = join(dir, '..');
    // A new cpuset is empty and takes no process: it is given what its parent has.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const own = join(dir, file);
      const has = existsSync(own) && existsSync(join(parent, 'cgroup.clone_children'));
      if (has && !readFileSync(own, 'utf8').trim()) writeFileSync(own, readFileSync(join(parent, file)));
    }
    const controllers = join(dir, 'cgroup.controllers');
    if (!existsSync(controllers)) continue;
    for (const place of [parent, dir]) {
      for (const name of readFileSync(join(place, 'cgroup.controllers'), 'utf8')
        .split(/\s+/)
        .filter(Boolean)) {
        try {
          writeFileSync(join(place, 'cgroup.subtree_control'), `+${name}`);
        } catch {
          // not every controller can be handed down; the kubelet names those it misses
        }
      }
    }
  }
};

const subgroups = (dir: string): string[] => {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(dir, entry.name));
  } catch {
    return []; // a pod's groups go while the pod ends
  }
};

/** A cgroup with all below it, the lowest first, as they have to be removed. */
const tree = (dir: string): string[] => (existsSync(dir) ? [...subgroups(dir).flatMap(tree), dir] : []);

/** Processes of all pods. */
export const podProcesses = (cluster: Cluster): number[] => {
  const pids = new Set<number>();
  for (const dir of cgroupDirs(cluster).flatMap(tree)) {
    try {
      for (const pid of readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n'))
        if (pid) pids.add(Number(pid));
    } catch {
      // the pod ended in between
    }
  }
  return [...pids];
};

/** Whether a process is the first of its pid namespace, that is a container's own. */
const isFirst = (pid: number) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const isPause = /^Name:\s+pause$/m.test(status);
    return (
      !isPause &&
      /^NSpid:.*\t1$/m.test(status) &&
      parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).state !== 'Z'
    );
  } catch {
    return false;
  }
};

const signal = (pid: number, name: NodeJS.Signals) => {
  try {
    process.kill(pid, name);
  } catch {
    // it ended in between
  }
};

/** Asks every container to end, waits, and ends what is left. */
export const endPods = async (cluster: Cluster, graceMs: number): Promise<void> => {
  const asked = podProcesses(cluster).filter(isFirst);
  for (const pid of asked) signal(pid, 'SIGTERM');
  for (let waited = 0; waited < graceMs && asked.some(isFirst); waited += 50) await sleep(50);
  for (let waited = 0; waited < 5000; waited += 50) {
    const left = podProcesses(cluster);
    if (left.length === 0) return;
    for (const pid of left) signal(pid, 'SIGKILL');
    await sleep(50);
  }
};

/** Removes the cluster's cgroups; they must hold no process. */
export const removeCgroups = async (cluster: Cluster): Promise<void> => {
  for (const dir of cgroupDirs(cluster).flatMap(tree)) {
    for (let attempt = 0; attempt < 20 && existsSync(dir); attempt++) {
      try {
        rmdirSync(dir);
      } catch {
        await sleep(50); // the kernel lets go of ended processes a moment later
      }
    }
  }
};
