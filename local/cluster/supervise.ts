import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from '../errors';
import type { Api } from './api';
import type { Cluster } from './cluster';
import { type Component, type ComponentName, components } from './components';
import {
  ensureProcess,
  logTail,
  markerVariable,
  type ProcessSpec,
  runningPid,
  stopProcess,
} from './processes';

export const processSpec = (cluster: Cluster, component: Component): ProcessSpec => ({
  name: component.name,
  argv: component.argv(cluster),
  // Not `ip netns exec`: that mounts another /sys, in which the cgroups are missing.
  through: component.at === 'cluster' ? ['nsenter', `--net=/run/netns/${cluster.netns}`, '--'] : [],
  env: {
    PATH: [...new Set(Object.values(cluster.tools).map((tool) => dirname(tool)))]
      .concat('/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin')
      .join(':'),
    HOME: cluster.dir,
    [markerVariable]: cluster.dir,
  },
  pidFile: cluster.pid(component.name),
  logFile: cluster.log(component.name),
});

/** Ports in state LISTEN in the text of /proc/PID/net/tcp or tcp6, by the inode of their socket. */
export const listeningPorts = (table: string): { port: number; inode: string }[] =>
  table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A')
    .map((fields) => ({ port: Number.parseInt(fields[1]!.split(':').pop()!, 16), inode: fields[9]! }));

// The table shows the sockets of the process's network namespace, so it works from outside; the process's open files
// tell which of them are its own.
const listens = (pid: number, port: number): boolean => {
  try {
    const inodes = ['tcp', 'tcp6']
      .flatMap((name) => listeningPorts(readFileSync(`/proc/${pid}/net/${name}`, 'utf8')))
      .filter((entry) => entry.port === port)
      .map((entry) => `socket:[${entry.inode}]`);
    if (inodes.length === 0) return false;
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return inodes.includes(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
};

const accepts = (path: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connectSocket(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const answersReady = (api: Api) =>
  api.call('GET', '/readyz').then(
    ({ status }) => status === 200,
    () => false,
  );

export const isReady = async (
  cluster: Cluster,
  component: Component,
  pid: number,
  api: Api,
): Promise<boolean> => {
  const ready = component.ready(cluster);
  if ('listens' in ready) return listens(pid, ready.listens);
  if ('socket' in ready) return accepts(ready.socket);
  if ('api' in ready) return answersReady(api);
  return true;
};

const hintFor = (cluster: Cluster, { name }: Component, log: string): string => {
  if (/no space left on device|disk quota exceeded/i.test(log)) {
    return 'The disk is full. Free some space and run the same command again; nothing is lost.';
  }
  if (/address already in use/i.test(log))
    return 'Another program has the address: end it, or choose another port with --front-door-port.';
  if (name === 'etcd' || name === 'containerd') {
    return `If its data is damaged, start afresh (the data of profile ${cluster.profile} is lost): platform cluster delete --profile ${cluster.profile}`;
  }
  return `The whole log: platform cluster logs ${name} --profile ${cluster.profile}`;
};

const notReady = (cluster: Cluster, component: Component, what: string) => {
  const log = logTail(cluster.log(component.name), 12);
  return new LocalError(`${component.name} ${what}\n${log}`, { hint: hintFor(cluster, component, log) });
};

/** Starts one component and waits until it does its work. */
export const startComponent = async (
  cluster: Cluster,
  component: Component,
  api: Api,
): Promise<{ started: boolean }> => {
  const { pid, started } = await ensureProcess(processSpec(cluster, component));
  const deadline = Date.now() + component.patience * 1000;
  for (;;) {
    // One it stands on may have opened its port before it found that its data is damaged: that one is to blame.
    const ended = [...component.needs, component.name].find((name) => !runningPid(cluster.pid(name)));
    if (ended) throw notReady(cluster, componentNamed(ended), 'ended right after its start');
    if (await isReady(cluster, component, pid, api)) return { started };
    if (Date.now() > deadline)
      throw notReady(cluster, component, `was not ready after ${component.patience} s`);
    await sleep(50);
  }
};

export const componentNamed = (name: ComponentName): Component =>
  components.find((component) => component.name === name)!;

export const stopComponents = (cluster: Cluster, names: ComponentName[], graceMs: number) =>
  Promise.all(names.map((name) => stopProcess(cluster.pid(name), graceMs)));
