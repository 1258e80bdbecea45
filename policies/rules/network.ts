// Who may reach whom: every workload stands behind a network policy, and nothing is open to the outside by accident.
import type { Resource, ResourceRule, StackRule } from '../rule';
import { isOf, namespaceOf, ownsPods, podTemplate, reasonFor, selects } from '../workloads';

export const exposedAnnotation = 'platform-policy/exposed';

const networkPolicy: StackRule = {
  scope: 'stack',
  name: 'network-policy',
  item: 'infrastructure/security-groups',
  severity: 'high',
  level: 'mandatory',
  description: 'Every workload is selected by network policies that govern what comes in and what goes out.',
  fix: 'add a NetworkPolicy in the same namespace whose podSelector matches the labels of the pods and whose policyTypes name Ingress and Egress (or a default deny for the namespace)',
  validate(stack, report) {
    const policies = stack.filter((one) => isOf(one, 'networking.k8s.io', 'NetworkPolicy'));
    for (const workload of stack.filter(ownsPods)) {
      const one = report.on(workload);
      one.guard(() => {
        const namespace = namespaceOf(workload);
        const labels = podTemplate(workload).at('metadata', 'labels').texts;
        const governed = new Set<string>();
        for (const policy of policies) {
          one.guard(() => {
            if (namespaceOf(policy) !== namespace) return;
            if (selects(policy.props.at('spec', 'podSelector'), labels))
              for (const way of directions(policy)) governed.add(way);
          });
        }
        const missing = ['Ingress', 'Egress'].filter((way) => !governed.has(way));
        // A policy that is not fully known yet may be the missing one: that is "not checked", and already said.
        if (missing.length === 0 || report.outcome.unchecked.some((finding) => finding.resource === workload))
          return;
        one.violation(
          podTemplate(workload).at('metadata', 'labels'),
          `no network policy governs ${missing.join(' and ')} of these pods`,
        );
      });
    }
  },
};

/** Directions a policy governs; without policyTypes it is Ingress, and Egress when it has egress rules. */
function directions(policy: Resource): string[] {
  const spec = policy.props.at('spec');
  const types = spec.at('policyTypes').items.map((type) => type.text ?? '');
  if (types.length > 0) return types;
  return spec.at('egress').exists ? ['Ingress', 'Egress'] : ['Ingress'];
}

const notExposed: ResourceRule = {
  scope: 'resource',
  name: 'not-exposed',
  item: 'infrastructure/waf',
  severity: 'high',
  level: 'mandatory',
  description:
    'Services are reached through the gateway; none is opened to the outside by itself unless it asks and says why.',
  fix: `use type ClusterIP and a route at the gateway; if the Service must be open, say why in the annotation ${exposedAnnotation} (at least 10 characters)`,
  matches: (resource) => isOf(resource, 'core', 'Service'),
  validate(resource, report) {
    if (reasonFor(resource, exposedAnnotation)) return;
    const spec = resource.props.at('spec');
    report.guard(() => {
      const type = spec.at('type').text ?? 'ClusterIP';
      if (type === 'NodePort' || type === 'LoadBalancer')
        report.violation(spec.at('type'), `the Service is of type ${type}`);
    });
    report.guard(() => {
      if (spec.at('externalIPs').items.length > 0)
        report.violation(spec.at('externalIPs'), 'the Service claims external addresses');
    });
  },
};

export const networkRules = [networkPolicy, notExposed];
