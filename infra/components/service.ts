import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, colours, labelsOf } from './names';
import { selectorOf } from './workload-spec';

export interface ServiceArgs {
  namespace: string;
  /** Label `app` of the pods. */
  app: string;
  /** Port the pods listen on. */
  targetPort: number;
  /** Of the Service over both colours. @default none */
  annotations?: Record<string, string>;
}

/** A colour at zero has no pods: do not wait for any. */
const mayBeEmpty = { 'pulumi.com/skipAwait': 'true' };

type ServiceSpec = k8s.types.input.core.v1.ServiceSpec;

/** ClusterIP on port 80. The port is named `http`, or a mesh would take the traffic for plain TCP. */
export const serviceSpec = (selector: Record<string, string>, targetPort: number): ServiceSpec => ({
  type: 'ClusterIP',
  selector,
  ports: [{ name: 'http', port: 80, targetPort, protocol: 'TCP', appProtocol: 'http' }],
});

/**
 * `<name>` over the pods of both colours, where the mesh splits traffic, and `<name>-<colour>` over those of one, where a release
 * checks the colour that is not live.
 */
export class ServiceAddress extends Component {
  readonly serviceName: string;

  constructor(name: string, args: ServiceArgs, options?: ComponentResourceOptions) {
    super('ServiceAddress', name, options);
    this.serviceName = name;
    this.address(name, args, { app: args.app }, args.annotations);
    for (const colour of colours) {
      this.address(`${name}-${colour}`, args, selectorOf({ app: args.app, colour }), mayBeEmpty);
    }
    this.registerOutputs({});
  }

  private address(name: string, args: ServiceArgs, selector: Record<string, string>, annotations = {}) {
    return new k8s.core.v1.Service(
      `${name}-address`,
      {
        metadata: {
          name: assertNameFits(name),
          namespace: args.namespace,
          labels: { ...labelsOf({ app: args.app, component: 'service' }), ...selector },
          annotations,
        },
        spec: serviceSpec(selector, args.targetPort),
      },
      this.child(),
    );
  }
}
