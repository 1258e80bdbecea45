import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { authorizationPolicySpec, sidecarSpec } from './access-spec';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';
import { NetworkPolicy, type NetworkPolicyArgs } from './network-policy';

/**
 * Who may talk to one kind of pod and whom it talks to, said once for all who hold to it: the network (addresses and ports), the
 * proxy in front of it (identities) and the proxy behind it (the hosts it knows).
 */
export class Access extends Component {
  /** @param name also the name of its service account */
  constructor(name: string, args: NetworkPolicyArgs, options?: ComponentResourceOptions) {
    super('Access', name, options);
    const metadata = {
      name: assertNameFits(name),
      namespace: args.namespace,
      labels: labelsOf({ app: args.app, component: 'access' }),
    };
    new NetworkPolicy(name, args, this.child());
    new k8s.apiextensions.CustomResource(
      `${name}-authorization`,
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata,
        spec: authorizationPolicySpec(args),
      },
      this.child(),
    );
    new k8s.apiextensions.CustomResource(
      `${name}-sidecar`,
      { apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', metadata, spec: sidecarSpec(args) },
      this.child(),
    );
    this.registerOutputs({});
  }
}
