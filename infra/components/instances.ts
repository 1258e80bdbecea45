import type { IDestinationRule } from '@kubernetes-models/istio/networking.istio.io/v1beta1';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';

export interface InstancesArgs {
  namespace: string;
  /** Label `app` of the pods. */
  app: string;
  /** Port the pods listen on; the same in the Service, which translates nothing. */
  targetPort: number;
  /** Open connections to the instances from one proxy. */
  maxConnections: number;
}

type ServiceSpec = k8s.types.input.core.v1.ServiceSpec;

/** No address of its own. Pods that are not ready are in it too: whoever uses it decides by health checks. */
export const instancesSpec = (args: Pick<InstancesArgs, 'app' | 'targetPort'>): ServiceSpec => ({
  type: 'ClusterIP',
  clusterIP: 'None',
  publishNotReadyAddresses: true,
  selector: { app: args.app },
  ports: [
    {
      name: 'http',
      port: args.targetPort,
      targetPort: args.targetPort,
      protocol: 'TCP',
      appProtocol: 'http',
    },
  ],
});

/** Which pod is asked is the caller's choice, so Istio cannot find out per endpoint whether it speaks mTLS: it is told. */
export const instancesTrafficSpec = (
  host: string,
  args: Pick<InstancesArgs, 'maxConnections'>,
): NonNullable<IDestinationRule['spec']> => ({
  host,
  trafficPolicy: {
    tls: { mode: 'ISTIO_MUTUAL' },
    connectionPool: { tcp: { maxConnections: args.maxConnections } },
  },
});

/** The name under which a mesh lets callers reach one instance at its own address. */
export class InstancesAddress extends Component {
  constructor(name: string, args: InstancesArgs, options?: ComponentResourceOptions) {
    super('InstancesAddress', name, options);
    const metadata = {
      name: assertNameFits(name),
      namespace: args.namespace,
      labels: labelsOf({ app: args.app, component: 'instances' }),
    };
    new k8s.core.v1.Service(
      `${name}-address`,
      {
        metadata: { ...metadata, annotations: { 'pulumi.com/skipAwait': 'true' } },
        spec: instancesSpec(args),
      },
      this.child(),
    );
    new k8s.apiextensions.CustomResource(
      `${name}-traffic`,
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata,
        spec: instancesTrafficSpec(`${name}.${args.namespace}.svc.cluster.local`, args),
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}

/** Pod annotations that keep ports out of the sidecar, coming in or going out. */
export const outsideMesh = (incoming: number[], outgoing: number[] = []): Record<string, string> => ({
  ...(incoming.length > 0 && { 'traffic.sidecar.istio.io/excludeInboundPorts': incoming.join(',') }),
  ...(outgoing.length > 0 && { 'traffic.sidecar.istio.io/excludeOutboundPorts': outgoing.join(',') }),
});
