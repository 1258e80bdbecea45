import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertInRange, assertNameFits, labelsOf } from './names';

export interface AutoscalerArgs {
  namespace: string;
  app: string;
  /** Deployment it scales. One at zero replicas switches its autoscaler off, so the colour that is not live stays at zero. */
  deploymentName: string;
  min: number;
  max: number;
  /** Average CPU to aim at, percent of the request. */
  cpu: number;
  /** Average memory to aim at, percent of the request. */
  memory: number;
}

type AutoscalerSpec = k8s.types.input.autoscaling.v2.HorizontalPodAutoscalerSpec;

const utilization = (resource: 'cpu' | 'memory', averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: resource, target: { type: 'Utilization', averageUtilization } },
});

export function autoscalerSpec(args: AutoscalerArgs): AutoscalerSpec {
  assertInRange(`${args.app} scale.min`, args.min, { min: 1, max: args.max });
  assertInRange(`${args.app} scale.max`, args.max, { min: args.min, max: 1000 });
  assertInRange(`${args.app} scale.cpu`, args.cpu, { min: 1, max: 2000 });
  assertInRange(`${args.app} scale.memory`, args.memory, { min: 1, max: 2000 });
  return {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: args.deploymentName },
    minReplicas: args.min,
    maxReplicas: args.max,
    metrics: [utilization('cpu', args.cpu), utilization('memory', args.memory)],
  };
}

/** Sets the number of pods of one colour by its load. */
export class Autoscaler extends Component {
  constructor(name: string, args: AutoscalerArgs, options?: ComponentResourceOptions) {
    super('Autoscaler', name, options);
    new k8s.autoscaling.v2.HorizontalPodAutoscaler(
      `${name}-autoscaler`,
      {
        metadata: {
          name: assertNameFits(name),
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'autoscaler' }),
        },
        spec: autoscalerSpec(args),
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
