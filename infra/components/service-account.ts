import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';

/** An identity of its own for one kind of pod. Its token is mounted nowhere; a mesh turns the name into a certificate. */
export class ServiceAccount extends Component {
  readonly serviceAccountName: string;

  constructor(name: string, args: { namespace: string; app: string }, options?: ComponentResourceOptions) {
    super('ServiceAccount', name, options);
    this.serviceAccountName = assertNameFits(name);
    new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      {
        metadata: {
          name,
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'service-account' }),
        },
        automountServiceAccountToken: false,
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
