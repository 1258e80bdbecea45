// What keeps a workload up while nodes are drained and its size changes.
import type { Field } from '../fields';
import type { Resource, StackRule } from '../rule';
import { clusterName, isOf, namespaceOf, podTemplate, selects } from '../workloads';

const scaled = (resource: Resource) =>
  isOf(resource, 'apps', 'Deployment') || isOf(resource, 'apps', 'StatefulSet');
const isAutoscaler = (resource: Resource) => isOf(resource, 'autoscaling', 'HorizontalPodAutoscaler');

/** @throws UnknownValue */
function autoscalerOf(workload: Resource, stack: Resource[]): Resource | undefined {
  return stack.find((one) => {
    if (!isAutoscaler(one) || namespaceOf(one) !== namespaceOf(workload)) return false;
    const target = one.props.at('spec', 'scaleTargetRef');
    return target.at('kind').text === workload.kind && target.at('name').text === clusterName(workload);
  });
}

/** Pods that run at least, by the autoscaler or by the workload itself. @throws UnknownValue */
export function leastReplicas(workload: Resource, stack: Resource[]): number {
  const least = autoscalerOf(workload, stack)?.props.at('spec', 'minReplicas').number;
  // Scaled to zero, the autoscaler rests.
  const replicas = workload.props.at('spec', 'replicas');
  return replicas.unknown || replicas.number !== 0 ? (least ?? replicas.number ?? 1) : 0;
}

const disruptionBudget: StackRule = {
  scope: 'stack',
  name: 'disruption-budget',
  item: 'compliance/soc2',
  severity: 'medium',
  level: 'mandatory',
  description:
    'A workload with more than one replica has a disruption budget, and that budget lets a node be drained.',
  fix: 'add a PodDisruptionBudget in the same namespace whose selector matches the pods, with maxUnavailable: 1',
  validate(stack, report) {
    const budgets = stack.filter((one) => isOf(one, 'policy', 'PodDisruptionBudget'));
    for (const workload of stack.filter(scaled)) {
      const one = report.on(workload);
      one.guard(() => {
        const replicas = workload.props.at('spec', 'replicas');
        const least = leastReplicas(workload, stack);
        if (least <= 1) return;
        const labels = podTemplate(workload).at('metadata', 'labels').texts;
        const budget = budgets.find(
          (candidate) =>
            namespaceOf(candidate) === namespaceOf(workload) &&
            selects(candidate.props.at('spec', 'selector'), labels),
        );
        if (!budget) one.violation(replicas, `${least} replicas and no disruption budget`);
        else if (blocksDrain(budget.props.at('spec'), least)) {
          one.violation(replicas, `the disruption budget '${clusterName(budget)}' allows no pod to be moved`);
        }
      });
    }
  },
};

function blocksDrain(spec: Field, replicas: number): boolean {
  const most = spec.at('maxUnavailable');
  if (most.exists) return most.text === '0' || most.text === '0%';
  const least = spec.at('minAvailable');
  const percent = /^(\d+)%$/.exec(least.text ?? '');
  return percent ? Number(percent[1]) >= 100 : (least.number ?? 0) >= replicas;
}

const autoscalerOwnsReplicas: StackRule = {
  scope: 'stack',
  name: 'autoscaler-owns-replicas',
  item: 'compliance/soc2',
  severity: 'medium',
  level: 'mandatory',
  description:
    'Where an autoscaler sets the number of replicas, the program does not set it back on every update.',
  fix: "leave spec.replicas out, or add it to the resource's ignoreChanges",
  validate(stack, report) {
    for (const workload of stack.filter(scaled)) {
      const one = report.on(workload);
      one.guard(() => {
        const replicas = workload.props.at('spec', 'replicas');
        const ignored = workload.ignoreChanges.some((path) =>
          /^spec(\.replicas|\["replicas"\])?$/.test(path),
        );
        if (ignored || (!replicas.unknown && !replicas.exists)) return;
        const autoscaler = autoscalerOf(workload, stack);
        if (autoscaler)
          one.violation(replicas, `replicas are set here and by the autoscaler '${clusterName(autoscaler)}'`);
      });
    }
  },
};

export const availabilityRules = [disruptionBudget, autoscalerOwnsReplicas];
