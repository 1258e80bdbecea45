// What moves the bill. Figures, not prices: prices depend on region and contract.
import type { Change } from '@platform/local/engine';
import { at, type Properties, type ResourceChange } from './model';

interface CostRule {
  type: RegExp;
  /** Properties whose change costs or saves money. */
  paths: RegExp;
  /** The figures of a new resource; undefined when it costs nothing. */
  figures: (inputs: Properties) => string | undefined;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const requestsOf = (spec: unknown): string =>
  list(at(spec, 'template', 'spec', 'containers'))
    .map((container) => at(container, 'resources', 'requests'))
    .map((requests) => `${at(requests, 'cpu') ?? '?'} CPU, ${at(requests, 'memory') ?? '?'}`)
    .join(' + ');

const volumesOf = (spec: unknown): string =>
  list(at(spec, 'volumeClaimTemplates'))
    .map((claim) => `, volume ${at(claim, 'spec', 'resources', 'requests', 'storage')}`)
    .join('');

const some = (...parts: unknown[]): string => parts.filter((part) => part !== undefined).join(', ');

const rules: CostRule[] = [
  {
    type: /:apps\/v1:(Deployment|StatefulSet|DaemonSet)$/,
    paths: /^spec\.replicas$|\.resources(\.|$)|volumeClaimTemplates.*storage/,
    figures: ({ spec }) => {
      const replicas = at(spec, 'replicas') ?? 1;
      return replicas === 0 ? undefined : `${replicas} × (${requestsOf(spec)}${volumesOf(spec)})`;
    },
  },
  {
    type: /:autoscaling\/v\d\w*:HorizontalPodAutoscaler$/,
    paths: /^spec\.(minReplicas|maxReplicas)$/,
    figures: ({ spec }) => `${at(spec, 'minReplicas') ?? 1} to ${at(spec, 'maxReplicas')} pods`,
  },
  {
    type: /:core\/v1:PersistentVolumeClaim$/,
    paths: /^spec\.resources|storageClassName/,
    figures: ({ spec }) => `volume ${at(spec, 'resources', 'requests', 'storage')}`,
  },
  {
    type: /:core\/v1:Service$/,
    paths: /^spec\.type$/,
    figures: ({ spec }) => (at(spec, 'type') === 'LoadBalancer' ? 'a load balancer' : undefined),
  },
  {
    type: /:(kafka\.strimzi\.io|kurrent\.io|kubernetes\.kurrent\.io)\//,
    paths: /^spec\.replicas$|storage|resources|volume/i,
    figures: ({ spec }) => {
      const replicas = at(spec, 'replicas');
      const size = at(spec, 'storage', 'size') ?? at(spec, 'storage', 'volumes', 0, 'size');
      return replicas === undefined ? undefined : some(`${replicas} nodes`, size && `volume ${size}`);
    },
  },
  {
    type: /^aws:(ec2\/natGateway:|ec2\/eip:|ec2\/vpcEndpoint:|lb\/|alb\/|cloudfront\/distribution:|shield\/)/,
    paths: /^(loadBalancerType|vpcEndpointType|subnetIds|priceClass)/,
    figures: (inputs) => some('billed by the hour', inputs.vpcEndpointType, inputs.priceClass),
  },
  {
    type: /^aws:(rds|elasticache|eks|msk|opensearch|ec2|docdb|mq|backup|dms)\//,
    paths:
      /instance(Class|Types?)|nodeType|(allocated|maxAllocated)Storage|storageType|iops|multiAz|volumeSize|(num|number)\w*(Nodes|Clusters|Brokers|Groups|Replicas)|replicasPerNodeGroup|scalingConfig|(desired|min|max)Size|capacityType|performanceInsights|backupRetentionPeriod/i,
    figures: (inputs) => {
      const size =
        inputs.instanceClass ?? inputs.nodeType ?? inputs.instanceType ?? at(inputs.instanceTypes, 0);
      const count =
        inputs.numCacheClusters ?? inputs.numberOfBrokerNodes ?? at(inputs.scalingConfig, 'desiredSize');
      if (size === undefined && count === undefined) return undefined;
      return some(
        size ?? at(inputs.brokerNodeGroupInfo, 'instanceType'),
        count && `${count} nodes`,
        inputs.allocatedStorage && `${inputs.allocatedStorage} GiB`,
        inputs.multiAz === true ? 'two zones' : undefined,
      );
    },
  },
];

/** The changes of a resource that move the bill, and the figures of one that comes or goes. */
export const costOf = (change: ResourceChange): { changes: Change[]; figures?: string } => {
  const rule = rules.find(({ type }) => type.test(change.type));
  if (!rule) return { changes: [] };
  if (change.op === 'create') return { changes: [], figures: rule.figures(change.inputs) };
  return { changes: change.changes.filter(({ path }) => rule.paths.test(path)) };
};
