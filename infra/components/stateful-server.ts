import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Access } from './access';
import { Component } from './component';
import { DisruptionBudget } from './disruption-budget';
import { assertNameFits, labelsOf } from './names';
import type { Peer } from './network-policy';
import { ServiceAccount } from './service-account';
import { peersServiceName, type StatefulServerArgs, statefulSetSpec } from './stateful-server-spec';

type Args = Omit<StatefulServerArgs, 'serviceAccountName'> & { ingress: Peer[]; egress: Peer[] };

/** A server with data: StatefulSet, the Service clients use, one that names each replica, its identity and its network policy. */
export class StatefulServer extends Component {
  /** @param name also the Service's DNS name and the label `app` */
  constructor(name: string, args: Args, options?: ComponentResourceOptions) {
    super('StatefulServer', name, options);
    const { namespace, replicas } = args;
    const { serviceAccountName } = new ServiceAccount(name, { namespace, app: name }, this.child());
    new Access(name, { namespace, app: name, ingress: args.ingress, egress: args.egress }, this.child());
    this.address(name, args, {});
    const named = this.address(
      peersServiceName(name),
      args,
      {
        clusterIP: 'None',
        // Replicas find each other before they are ready.
        publishNotReadyAddresses: true,
      },
      name,
    );
    if (replicas > 1) new DisruptionBudget(name, { namespace, app: name }, this.child());
    new k8s.apps.v1.StatefulSet(
      `${name}-set`,
      {
        metadata: {
          name: assertNameFits(name),
          namespace,
          labels: labelsOf({ app: name, component: 'server' }),
        },
        spec: statefulSetSpec(name, { ...args, serviceAccountName }),
      },
      this.child({ dependsOn: named }),
    );
    this.registerOutputs({});
  }

  private address(name: string, args: Args, more: Partial<k8s.types.input.core.v1.ServiceSpec>, app = name) {
    return new k8s.core.v1.Service(
      `${name}-address`,
      {
        metadata: {
          name: assertNameFits(name),
          namespace: args.namespace,
          labels: labelsOf({ app, component: 'server' }),
          // The set itself is waited for.
          annotations: { 'pulumi.com/skipAwait': 'true' },
        },
        spec: {
          type: 'ClusterIP',
          selector: { app },
          ports: Object.entries(args.ports).map(([portName, port]) => ({
            name: portName,
            port,
            targetPort: port,
            protocol: 'TCP',
            // Most speak a protocol of their own, which a mesh must not guess.
            appProtocol: portName.startsWith('http') ? 'http' : 'tcp',
          })),
          ...more,
        },
      },
      this.child(),
    );
  }
}
