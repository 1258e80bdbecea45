import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';
import { type RouteArgs, virtualServiceSpec } from './route-spec';
import { weightPaths } from './traffic-spec';

/** A service's place behind the front door. */
export class Route extends Component {
  constructor(name: string, args: RouteArgs, options?: ComponentResourceOptions) {
    super('Route', name, options);
    const spec = virtualServiceSpec(args);
    new k8s.apiextensions.CustomResource(
      `${name}-route`,
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: {
          name: assertNameFits(name),
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'route' }),
        },
        spec,
      },
      this.child(args.releaseManaged ? { ignoreChanges: weightPaths(spec) } : {}),
    );
    this.registerOutputs({});
  }
}
