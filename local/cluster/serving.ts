import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from '../errors';
import type { Api, KubernetesObject } from './api';
import type { Cluster } from './cluster';

interface Listed<T> {
  items: T[];
}
interface Pod extends KubernetesObject {
  status: {
    phase?: string;
    podIP?: string;
    reason?: string;
    containerStatuses?: { state?: { waiting?: { reason?: string; message?: string } } }[];
    conditions?: { type: string; status: string }[];
  };
}
interface Node extends KubernetesObject {
  status: { conditions?: { type: string; status: string; lastHeartbeatTime: string; message?: string }[] };
}

/** Whether the node says it is ready, in a word younger than `since` (epoch milliseconds). */
export const nodeReady = async (api: Api, cluster: Cluster, since = 0): Promise<boolean> => {
  const node = await api.get<Node>(`/api/v1/nodes/${cluster.node}`);
  const ready = node?.status.conditions?.find(({ type }) => type === 'Ready');
  // The API's times have whole seconds.
  return ready?.status === 'True' && Date.parse(ready.lastHeartbeatTime) + 1000 > since;
};

/** A check that asks the pod itself: after a restart the API still remembers pods as ready that are not there any more. */
export interface ServingCheck {
  title: string;
  namespace: string;
  selector: string;
  /** Port and path that answer 200 when the pod does its work. */
  port: number;
  path: string;
}

export const addonChecks: ServingCheck[] = [
  { title: 'CoreDNS', namespace: 'kube-system', selector: 'k8s-app=kube-dns', port: 8181, path: 'ready' },
  { title: 'istiod', namespace: 'istio-system', selector: 'app=istiod', port: 8080, path: 'ready' },
  {
    title: 'ingress gateway',
    namespace: 'istio-ingress',
    selector: 'istio=ingressgateway',
    port: 15021,
    path: 'healthz/ready',
  },
];

const podsOf = async (api: Api, { namespace, selector }: ServingCheck) =>
  (
    await api.get<Listed<Pod>>(
      `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`,
    )
  )?.items ?? [];

const serves = async (api: Api, check: ServingCheck): Promise<boolean> => {
  for (const pod of await podsOf(api, check)) {
    if (!pod.status.podIP || pod.metadata.deletionTimestamp) continue;
    const path = `/api/v1/namespaces/${check.namespace}/pods/${pod.metadata.name}:${check.port}/proxy/${check.path}`;
    if ((await api.call('GET', path)).status === 200) return true;
  }
  return false;
};

const whyNot = async (api: Api, check: ServingCheck): Promise<string> => {
  const pods = await podsOf(api, check).catch(() => []);
  if (pods.length === 0) return 'it has no pod';
  return pods
    .map(({ metadata, status }) => {
      const waiting = status.containerStatuses?.map(({ state }) => state?.waiting).find(Boolean);
      return `pod ${metadata.name}: ${status.phase} ${waiting?.reason ?? ''} ${waiting?.message ?? ''}`.trim();
    })
    .join('; ');
};

const until = async (done: () => Promise<boolean>, seconds: number): Promise<boolean> => {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(150)) {
    if (await done().catch(() => false)) return true;
  }
  return false;
};

export const waitForNode = async (api: Api, cluster: Cluster, since: number): Promise<void> => {
  if (await until(() => nodeReady(api, cluster, since), 90)) return;
  throw new LocalError('The node was not ready after 90 s', {
    hint: `See why: platform cluster logs kubelet --profile ${cluster.profile}`,
    retriable: true,
  });
};

/** Waits until a pod of the add-on answers. Throws a LocalError that says what its pods say. */
export const waitForServing = async (api: Api, check: ServingCheck, seconds = 150): Promise<void> => {
  if (await until(() => serves(api, check), seconds)) return;
  throw new LocalError(`${check.title} did not answer after ${seconds} s: ${await whyNot(api, check)}`, {
    hint: 'Run the same command again; if that does not help: platform cluster logs kubelet',
    retriable: true,
  });
};
