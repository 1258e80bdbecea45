import { LocalError } from '../errors';
import { connect } from './api';
import { type Cluster, findCluster } from './cluster';
import { type ComponentName, componentNames, components } from './components';
import { netnsExists } from './network';
import { logTail, memoryOf, runningPid } from './processes';
import { nodeReady } from './serving';
import { isReady } from './supervise';

export interface ComponentStatus {
  name: ComponentName;
  /** Undefined when it does not run. */
  pid?: number;
  ready: boolean;
  /** Resident memory; 0 when it does not run. */
  memoryBytes: number;
  logFile: string;
}

export interface ClusterStatus {
  profile: string;
  /** True when every component is ready and the node says so too. */
  running: boolean;
  nodeReady: boolean;
  kubeconfig?: string;
  frontDoor?: string;
  components: ComponentStatus[];
}

const statusOf = async (cluster: Cluster): Promise<ClusterStatus> => {
  const api = connect(cluster, 3000);
  try {
    const states = await Promise.all(
      components.map(async (component): Promise<ComponentStatus> => {
        const pid = runningPid(cluster.pid(component.name));
        return {
          name: component.name,
          pid,
          ready: pid !== undefined && (await isReady(cluster, component, pid, api)),
          memoryBytes: pid ? memoryOf(pid) : 0,
          logFile: cluster.log(component.name),
        };
      }),
    );
    const node = netnsExists(cluster) && (await nodeReady(api, cluster).catch(() => false));
    return {
      profile: cluster.profile,
      running: node && states.every(({ ready }) => ready),
      nodeReady: node,
      kubeconfig: cluster.kubeconfig,
      frontDoor: `http://127.0.0.1:${cluster.frontDoorPort}`,
      components: states,
    };
  } finally {
    api.close();
  }
};

/** What of a cluster runs. A profile that never had one is simply not running. */
export const status = async (profile: string): Promise<ClusterStatus> => {
  const cluster = findCluster(profile);
  if (cluster) {
    try {
      return await statusOf(cluster);
    } catch (error) {
      // A start that was killed early has no certificates yet.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return { profile, running: false, nodeReady: false, components: [] };
};

/** The last lines of a component's log. Throws a LocalError that names the components when there is no such one. */
export const logs = (profile: string, component: string, lines = 200): string => {
  const cluster = findCluster(profile);
  if (!cluster) {
    throw new LocalError(`Profile ${profile} has no cluster`, { hint: 'Start one: platform cluster start' });
  }
  if (!(componentNames as readonly string[]).includes(component)) {
    throw new LocalError(`There is no component "${component}"`, {
      hint: `Use one of ${componentNames.join(', ')}.`,
    });
  }
  return `${logTail(cluster.log(component), lines)}\n`;
};
