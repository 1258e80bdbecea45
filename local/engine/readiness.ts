import { setTimeout as sleep } from 'node:timers/promises';
import { LocalError } from '../errors';
import type { Cluster, KubeObject } from './cluster';
import type { Watcher } from './provider';

/** Ready, or what is still missing. Throws a LocalError when it will not become ready by waiting. */
type Check = (object: KubeObject, cluster: Cluster) => Promise<true | string> | true | string;

const fits = (labels: Record<string, string> = {}, selector: Record<string, string> = {}) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);
const condition = (object: KubeObject, type: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: conditions look alike in every kind.
  object.status?.conditions?.find((one: any) => one.type === type);
const observed = (object: KubeObject) =>
  (object.status?.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
const neighbours = (cluster: Cluster, object: KubeObject, apiVersion: string, kind: string) =>
  cluster.path({ apiVersion, kind, namespace: object.metadata.namespace }).then((path) => cluster.list(path));

// A pull that failed once may go through; a pod that crashed twice may have waited for its database.
const hopeless = (reason: string, restarts: number) =>
  reason === 'ErrImageNeverPull' ||
  reason === 'ImagePullBackOff' ||
  reason === 'InvalidImageName' ||
  reason === 'CreateContainerError' ||
  (reason === 'CrashLoopBackOff' && restarts >= 4);

const lastLines = async (cluster: Cluster, pod: KubeObject, container: string, previous: boolean) => {
  const path = await cluster.path({ apiVersion: 'v1', kind: 'Pod', ...pod.metadata });
  const query = { container, tailLines: '8', ...(previous ? { previous: 'true' } : {}) };
  const text = await cluster.request('GET', `${path}/log`, { query, timeoutMs: 10_000 }).catch(() => '');
  return text.trim() ? `\n    ${text.trim().split('\n').join('\n    ')}` : '';
};

/** Looks for a container that will not start, and for why pods are not ready. Returns what to tell meanwhile. */
const inspectPods = async (cluster: Cluster, pods: KubeObject[]): Promise<string> => {
  let told = '';
  for (const pod of pods) {
    const { initContainerStatuses = [], containerStatuses = [], conditions = [] } = pod.status ?? {};
    for (const status of [...initContainerStatuses, ...containerStatuses]) {
      const { reason = '', message = '' } = status.state?.waiting ?? {};
      if (!reason || reason === 'PodInitializing' || reason === 'ContainerCreating') continue;
      // Of a Secret or a key that is not there yet, the message says which.
      const what = reason === 'CreateContainerConfigError' ? `: ${message}` : '';
      told = `${pod.metadata.name}: ${reason}${what}`;
      if (!hopeless(reason, status.restartCount)) continue;
      const lines = reason === 'CrashLoopBackOff' ? await lastLines(cluster, pod, status.name, true) : '';
      const where = `Container ${status.name} of pod ${pod.metadata.name}`;
      throw new LocalError(`${where} does not start: ${reason}${message ? `: ${message}` : ''}${lines}`, {
        hint: /Image/.test(reason)
          ? `Is the image ${status.image} built, and can the node reach it?`
          : 'Its last lines above say why; the next run tries again.',
      });
    }
    const unscheduled = conditions.find(
      (one: { type: string; status: string }) => one.type === 'PodScheduled' && one.status === 'False',
    );
    if (unscheduled) told = `${pod.metadata.name} cannot be placed: ${unscheduled.message}`;
  }
  return told;
};

const workload: (isDone: (object: KubeObject) => boolean) => Check = (isDone) => async (object, cluster) => {
  const { spec, status = {}, metadata } = object;
  const wanted = object.kind === 'DaemonSet' ? (status.desiredNumberScheduled ?? 0) : (spec.replicas ?? 1);
  if (observed(object) && isDone(object)) return true;
  let pods = (await neighbours(cluster, object, 'v1', 'Pod')).filter((pod) =>
    fits(pod.metadata.labels, spec.selector?.matchLabels),
  );
  // Only pods of the new revision count: those of a broken one before it are on their way out.
  if (object.kind === 'Deployment') {
    const revision = metadata.annotations?.['deployment.kubernetes.io/revision'];
    const sets = await neighbours(cluster, object, 'apps/v1', 'ReplicaSet');
    const current = sets.find(
      (set) =>
        set.metadata.ownerReferences?.some((owner) => owner.uid === metadata.uid) &&
        set.metadata.annotations?.['deployment.kubernetes.io/revision'] === revision,
    );
    const hash = current?.metadata.labels?.['pod-template-hash'];
    pods = observed(object) ? pods.filter((pod) => pod.metadata.labels?.['pod-template-hash'] === hash) : [];
  } else if (status.updateRevision) {
    pods = pods.filter((pod) => pod.metadata.labels?.['controller-revision-hash'] === status.updateRevision);
  }
  const told = await inspectPods(cluster, pods);
  const stuck = condition(object, 'Progressing');
  if (observed(object) && stuck?.reason === 'ProgressDeadlineExceeded') {
    throw new LocalError(`${object.kind} ${metadata.name} makes no progress: ${told || stuck.message}`, {
      hint: 'Look at its pods (platform kubectl describe pod …); the next run waits again.',
    });
  }
  const ready = status.availableReplicas ?? status.numberAvailable ?? status.readyReplicas ?? 0;
  return `${ready} of ${wanted} ready${told ? `; ${told}` : ''}`;
};

const checks: Record<string, Check> = {
  Namespace: (object) => object.status?.phase === 'Active' || 'not active yet',
  Deployment: workload(({ spec, status = {} }) => {
    const wanted = spec.replicas ?? 1;
    const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
    return updatedReplicas >= wanted && replicas <= updatedReplicas && availableReplicas >= wanted;
  }),
  StatefulSet: workload(({ spec, status = {} }) => {
    const wanted = spec.replicas ?? 1;
    const rolled =
      spec.updateStrategy?.type === 'OnDelete' || status.currentRevision === status.updateRevision;
    return (status.readyReplicas ?? 0) >= wanted && rolled && (status.replicas ?? 0) <= wanted;
  }),
  DaemonSet: workload(({ status = {} }) => {
    const wanted = status.desiredNumberScheduled ?? 0;
    return (status.updatedNumberScheduled ?? 0) >= wanted && (status.numberAvailable ?? 0) >= wanted;
  }),
  async Job(object, cluster) {
    if (condition(object, 'Complete')?.status === 'True') return true;
    const selector = { 'batch.kubernetes.io/job-name': object.metadata.name };
    const pods = (await neighbours(cluster, object, 'v1', 'Pod')).filter((pod) =>
      fits(pod.metadata.labels, selector),
    );
    const failed = condition(object, 'Failed');
    if (failed?.status === 'True') {
      const pod = pods.at(-1);
      const lines = pod ? await lastLines(cluster, pod, pod.spec.containers[0].name, false) : '';
      throw new LocalError(`Job ${object.metadata.name} failed: ${failed.message}${lines}`, {
        hint: 'Its last lines above say why; a changed Job is made anew by the next run.',
      });
    }
    const told = await inspectPods(cluster, pods);
    return `running${told ? `; ${told}` : ''}`;
  },
  async Pod(object, cluster) {
    if (object.status?.phase === 'Succeeded' || condition(object, 'Ready')?.status === 'True') return true;
    return (await inspectPods(cluster, [object])) || object.status?.phase || 'pending';
  },
  async PersistentVolumeClaim(object, cluster) {
    if (object.status?.phase === 'Bound') return true;
    const classes = await cluster.list('/apis/storage.k8s.io/v1/storageclasses');
    const name = object.spec.storageClassName;
    const isDefault = 'storageclass.kubernetes.io/is-default-class';
    const chosen = classes.find((one) =>
      name ? one.metadata.name === name : one.metadata.annotations?.[isDefault] === 'true',
    );
    // Such a claim binds when its first pod is placed, which may be waiting for this very resource.
    return chosen?.volumeBindingMode === 'WaitForFirstConsumer' || 'not bound yet';
  },
  async Service(object, cluster) {
    const { type, selector, clusterIP } = object.spec;
    if (type === 'ExternalName' || !selector || clusterIP === 'None') return true;
    if (type === 'LoadBalancer' && !object.status?.loadBalancer?.ingress?.length) return 'no address yet';
    const workloads = (
      await Promise.all(
        ['Deployment', 'StatefulSet'].map((kind) => neighbours(cluster, object, 'apps/v1', kind)),
      )
    ).flat();
    const behind = workloads.filter((one) => fits(one.spec.template.metadata?.labels, selector));
    if (behind.length && behind.every((one) => one.spec.replicas === 0)) return true;
    const path = await cluster.path({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      ...object.metadata,
      name: '',
    });
    const slices = await cluster.list(path, {
      labelSelector: `kubernetes.io/service-name=${object.metadata.name}`,
    });
    const ready = slices.some((slice) =>
      slice.endpoints?.some((one: { conditions?: { ready?: boolean } }) => one.conditions?.ready !== false),
    );
    return ready || 'no ready pod behind it';
  },
  CustomResourceDefinition: (object) =>
    condition(object, 'Established')?.status === 'True' || 'not established yet',
};

export const needsWaiting = (object: KubeObject): boolean =>
  checks[object.kind] !== undefined && object.metadata.annotations?.['pulumi.com/skipAwait'] !== 'true';

/** Waits until an object does what it is for. `timeout` in seconds; the object's own annotation wins, then 600. */
export const waitReady = async (
  cluster: Cluster,
  path: string,
  applied: KubeObject,
  watcher: Pick<Watcher, 'detail' | 'signal'>,
  timeout?: number,
): Promise<KubeObject> => {
  const seconds = Number(applied.metadata.annotations?.['pulumi.com/timeoutSeconds'] ?? timeout ?? 600);
  const what = `${applied.kind} ${applied.metadata.name}`;
  const deadline = Date.now() + seconds * 1000;
  let object = applied;
  for (let pause = 150; ; pause = Math.min(pause * 1.4, 1500)) {
    const state = await checks[object.kind]?.(object, cluster);
    if (state === true || state === undefined) return object;
    if (Date.now() > deadline) {
      throw new LocalError(`${what} was not ready within ${seconds} s: ${state}`, {
        hint: 'It stays as it is; the next run waits for it again.',
        retriable: true,
      });
    }
    watcher.detail(`${what}: ${state}`);
    await sleep(pause, undefined, { signal: watcher.signal });
    const live = await cluster.get(path);
    if (!live)
      throw new LocalError(`${what} was deleted while it was starting`, {
        hint: 'Run the same command again.',
      });
    object = live;
  }
};
