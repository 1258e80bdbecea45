import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';
import { deploymentSpec, fieldsOfOthers, selectorOf, type WorkloadArgs } from './workload-spec';

/** The pods of one colour of a service. */
export class Workload extends Component {
  readonly deployment: k8s.apps.v1.Deployment;
  readonly deploymentName: string;

  /** @param name `<name>-service-<colour>`, also the Deployment's name */
  constructor(name: string, args: WorkloadArgs, options?: ComponentResourceOptions) {
    super('Workload', name, options);
    this.deploymentName = assertNameFits(name);
    this.deployment = new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      {
        metadata: {
          name,
          namespace: args.namespace,
          labels: {
            ...labelsOf({ app: args.app, component: 'service' }),
            ...selectorOf(args),
            version: args.version,
          },
        },
        spec: deploymentSpec(args),
      },
      this.child({ ignoreChanges: fieldsOfOthers(args) }),
    );
    this.registerOutputs({});
  }
}
