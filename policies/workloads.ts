// Everything that owns pods, and the way to the pods' template in each.
import type { Field } from './fields';
import type { Plain, Resource, ResourceReport } from './rule';

const templatePaths: Record<string, string[]> = {
  Pod: [],
  PodTemplate: ['template'],
  ReplicationController: ['spec', 'template'],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

const podGroups = new Set(['core', 'apps', 'batch', 'extensions']);

export function isKubernetes(resource: Resource): boolean {
  return resource.type.startsWith('kubernetes:') && /\/v\d/.test(resource.api);
}

export function groupOf(resource: Resource): string {
  return resource.api.split('/')[0] ?? '';
}

export function isOf(resource: Resource, group: string, kind: string): boolean {
  return isKubernetes(resource) && groupOf(resource) === group && resource.kind === kind;
}

/** Whether it makes pods: Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob and their older kin. */
export function ownsPods(resource: Resource): boolean {
  return (
    isKubernetes(resource) && podGroups.has(groupOf(resource)) && Object.hasOwn(templatePaths, resource.kind)
  );
}

/** Whether its pods are meant to stay: their health is watched. Jobs end, and so may single pods that do not restart. */
export function runsLong(resource: Resource): boolean {
  if (!ownsPods(resource) || ['Job', 'CronJob', 'PodTemplate'].includes(resource.kind)) return false;
  if (resource.kind !== 'Pod') return true;
  const policy = resource.props.at('spec', 'restartPolicy');
  return policy.unknown || !policy.exists || policy.text === 'Always';
}

/** metadata and spec of the pods. */
export function podTemplate(resource: Resource): Field {
  return resource.props.at(...(templatePaths[resource.kind] ?? []));
}

export function podSpec(resource: Resource): Field {
  return podTemplate(resource).at('spec');
}

/** The pods' spec in plain inputs, for a remediation to write to; undefined where it is missing or not known. */
export function plainPodSpec(inputs: Plain, resource: Resource): Plain | undefined {
  const path = [...(templatePaths[resource.kind] ?? []), 'spec'];
  const spec = path.reduce<Plain>((at, key) => at?.[key], inputs);
  return spec !== null && typeof spec === 'object' ? spec : undefined;
}

export type ContainerList = 'containers' | 'initContainers' | 'ephemeralContainers';
const everyList: ContainerList[] = ['containers', 'initContainers', 'ephemeralContainers'];

export function containerName(container: Field): string {
  const name = container.at('name');
  return name.unknown ? 'of unknown name' : `'${name.text ?? 'unnamed'}'`;
}

/** Calls `check` for each container of every kind (or of `lists`); an unknown in one leaves the others judged. */
export function eachContainer(
  resource: Resource,
  report: ResourceReport,
  check: (container: Field) => void,
  lists: ContainerList[] = everyList,
): void {
  for (const list of lists) {
    report.guard(() => {
      for (const container of podSpec(resource).at(list).items) report.guard(() => check(container));
    });
  }
}

/** A container's own setting, or the pod's where the container has none. */
export function effective(resource: Resource, container: Field, ...keys: string[]): Field {
  const own = container.at('securityContext', ...keys);
  return own.unknown || own.exists ? own : podSpec(resource).at('securityContext', ...keys);
}

/** Namespace it will be in. @throws UnknownValue */
export function namespaceOf(resource: Resource): string {
  return resource.props.at('metadata', 'namespace').text ?? resource.providerNamespace ?? 'default';
}

/** Name in the cluster; Pulumi's own name when the cluster's is made up by the provider. */
export function clusterName(resource: Resource): string {
  const name = resource.props.at('metadata', 'name');
  return name.unknown ? resource.name : (name.text ?? resource.name);
}

/** Whether a label selector (`matchLabels`, `matchExpressions`; empty selects all) picks these labels. @throws UnknownValue */
export function selects(selector: Field, labels: Record<string, string>): boolean {
  for (const [key, wanted] of Object.entries(selector.at('matchLabels').texts)) {
    if (labels[key] !== wanted) return false;
  }
  return selector.at('matchExpressions').items.every((expression) => {
    const label = labels[expression.at('key').text ?? ''];
    const values = expression.at('values').items.map((value) => value.text);
    switch (expression.at('operator').text) {
      case 'In':
        return label !== undefined && values.includes(label);
      case 'NotIn':
        return label === undefined || !values.includes(label);
      case 'Exists':
        return label !== undefined;
      default:
        return label === undefined;
    }
  });
}

/**
 * The reason given in an annotation of the resource or of its pods for something that is off unless asked for.
 * @throws UnknownValue
 */
export function reasonFor(resource: Resource, annotation: string): string | undefined {
  const places = [resource.props, podTemplate(resource)];
  const reasons = places.map((place) => place.at('metadata', 'annotations', annotation).text?.trim());
  return reasons.find((reason) => reason !== undefined && reason.length >= 10);
}
