// What an environment that serves customers needs beside what every environment needs: a second pod, in a second zone.
import type { Resource, StackRule } from '../rule';
import { isOf, podSpec } from '../workloads';
import { leastReplicas } from './availability';

const scaled = (resource: Resource) =>
  isOf(resource, 'apps', 'Deployment') || isOf(resource, 'apps', 'StatefulSet');
const zone = 'topology.kubernetes.io/zone';

const secondReplica: StackRule = {
  scope: 'stack',
  name: 'second-replica',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description:
    'What runs runs twice, so that the loss of a node is not the loss of a service. Scaled to zero is not running.',
  fix: 'set spec.replicas, or minReplicas of its autoscaler, to 2 or more',
  validate(stack, report) {
    for (const workload of stack.filter(scaled)) {
      const one = report.on(workload);
      one.guard(() => {
        const least = leastReplicas(workload, stack);
        if (least === 1) one.violation('spec.replicas', 'it runs once');
      });
    }
  },
};

const zoneSpread: StackRule = {
  scope: 'stack',
  name: 'zone-spread',
  item: 'compliance/soc2',
  severity: 'medium',
  level: 'mandatory',
  description: 'Pods of a workload are spread over zones.',
  fix: `add a topologySpreadConstraint, or a pod anti-affinity, with topologyKey ${zone}`,
  validate(stack, report) {
    for (const workload of stack.filter(scaled)) {
      const one = report.on(workload);
      one.guard(() => {
        if (leastReplicas(workload, stack) < 2) return;
        const pod = podSpec(workload);
        const apart = pod.at('affinity', 'podAntiAffinity');
        const keys = [
          ...pod.at('topologySpreadConstraints').items.map((each) => each.at('topologyKey')),
          ...apart
            .at('requiredDuringSchedulingIgnoredDuringExecution')
            .items.map((each) => each.at('topologyKey')),
          ...apart
            .at('preferredDuringSchedulingIgnoredDuringExecution')
            .items.map((each) => each.at('podAffinityTerm', 'topologyKey')),
        ];
        if (!keys.some(({ text }) => text === zone))
          one.violation(pod.at('topologySpreadConstraints'), 'all pods may stand in one zone');
      });
    }
  },
};

export const spreadRules = [secondReplica, zoneSpread];
