// What keeps one workload from starving the others, and a broken one from getting traffic.
import type { Field } from '../fields';
import type { ResourceRule } from '../rule';
import { containerName, eachContainer, ownsPods, runsLong } from '../workloads';

const requestsAndLimits: ResourceRule = {
  scope: 'resource',
  name: 'requests-and-limits',
  item: 'infrastructure/ddos-protection',
  severity: 'medium',
  level: 'mandatory',
  description:
    'Containers say what they need and what they get at most, so that a flood on one cannot starve the node.',
  fix: 'set resources.requests and resources.limits for cpu and memory on the container',
  matches: ownsPods,
  validate(resource, report) {
    const check = (side: 'requests' | 'limits', what: 'cpu' | 'memory') => (container: Field) =>
      report.guard(() => {
        const at = container.at('resources', side, what);
        if (!at.exists)
          report.violation(at, `container ${containerName(container)} has no ${what} ${side.slice(0, -1)}`);
      });
    // Ephemeral containers cannot have resources: the API refuses them.
    eachContainer(
      resource,
      report,
      (container) => {
        for (const side of ['requests', 'limits'] as const) {
          for (const what of ['cpu', 'memory'] as const) check(side, what)(container);
        }
      },
      ['containers', 'initContainers'],
    );
  },
};

const probes: ResourceRule = {
  scope: 'resource',
  name: 'probes',
  item: 'compliance/soc2',
  severity: 'medium',
  level: 'mandatory',
  description: 'Workloads that run on have a readiness and a liveness probe; jobs need none.',
  fix: 'give the container a readinessProbe (may it have traffic?) and a livenessProbe (must it be restarted?)',
  matches: runsLong,
  validate(resource, report) {
    eachContainer(
      resource,
      report,
      (container) => {
        for (const probe of ['readinessProbe', 'livenessProbe']) {
          report.guard(() => {
            const at = container.at(probe);
            if (!at.exists) report.violation(at, `container ${containerName(container)} has no ${probe}`);
            else if (!['httpGet', 'tcpSocket', 'exec', 'grpc'].some((handler) => at.at(handler).exists)) {
              report.violation(at, `the ${probe} of container ${containerName(container)} asks nothing`);
            }
          });
        }
      },
      ['containers'],
    );
  },
};

export const resourceRules = [requestsAndLimits, probes];
