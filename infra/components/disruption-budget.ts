import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';

export interface DisruptionBudgetArgs {
  namespace: string;
  app: string;
  /** Pods that may be away at once when nodes are drained. @default 1 */
  maxUnavailable?: number;
}

type BudgetSpec = k8s.types.input.policy.v1.PodDisruptionBudgetSpec;

/** Over the pods of both colours: in a release the two together carry the load. */
export const disruptionBudgetSpec = (args: DisruptionBudgetArgs): BudgetSpec => ({
  maxUnavailable: args.maxUnavailable ?? 1,
  selector: { matchLabels: { app: args.app } },
  // A pod that is not ready serves nobody; it must not stop a node from being drained.
  unhealthyPodEvictionPolicy: 'AlwaysAllow',
});

/** Keeps planned work on nodes from taking too many pods of a service at once. Only of use with two pods or more. */
export class DisruptionBudget extends Component {
  constructor(name: string, args: DisruptionBudgetArgs, options?: ComponentResourceOptions) {
    super('DisruptionBudget', name, options);
    new k8s.policy.v1.PodDisruptionBudget(
      `${name}-budget`,
      {
        metadata: {
          name: assertNameFits(name),
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'disruption-budget' }),
        },
        spec: disruptionBudgetSpec(args),
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
