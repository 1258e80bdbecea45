import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';
import { destinationRuleSpec, meshRouteSpec, type TrafficArgs, weightPaths } from './traffic-spec';

const apiVersion = 'networking.istio.io/v1';

/** How proxies call a service: its versions and colours, the limits towards it, and the way of calls inside the mesh. */
export class Traffic extends Component {
  /** @param args.releaseManaged true when weights belong to the release tool, default false */
  constructor(
    name: string,
    args: TrafficArgs & { releaseManaged?: boolean },
    options?: ComponentResourceOptions,
  ) {
    super('Traffic', name, options);
    const metadata = (own: string) => ({
      name: assertNameFits(own),
      namespace: args.namespace,
      labels: labelsOf({ app: args.app, component: 'traffic' }),
    });
    const destination = new k8s.apiextensions.CustomResource(
      `${name}-destination`,
      { apiVersion, kind: 'DestinationRule', metadata: metadata(name), spec: destinationRuleSpec(args) },
      this.child(),
    );
    const spec = meshRouteSpec(args);
    new k8s.apiextensions.CustomResource(
      `${name}-mesh-route`,
      { apiVersion, kind: 'VirtualService', metadata: metadata(`${name}-mesh`), spec },
      // A route to a subset nobody has defined yet answers 503.
      this.child({
        dependsOn: destination,
        ...(args.releaseManaged ? { ignoreChanges: weightPaths(spec) } : {}),
      }),
    );
    this.registerOutputs({});
  }
}
