import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';

export interface ServiceAccountArgs {
  namespace: string;
  app: string;
  /** Such as the cloud role that the identity may take. */
  annotations?: Record<string, string>;
}

/** An identity of its own for one kind of pod. Its token is mounted nowhere; a mesh turns the name into a certificate. */
export class ServiceAccount extends Component {
  readonly serviceAccountName: string;

  constructor(name: string, args: ServiceAccountArgs, options?: ComponentResourceOptions) {
    super('ServiceAccount', name, options);
    this.serviceAccountName = assertNameFits(name);
    new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      {
        metadata: {
          name,
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'service-account' }),
          ...(args.annotations && { annotations: args.annotations }),
        },
        automountServiceAccountToken: false,
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
