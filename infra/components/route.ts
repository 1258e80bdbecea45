import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from './component';
import { assertNameFits, labelsOf } from './names';
import { destinationRuleSpec, type RouteArgs, virtualServiceSpec, weightPaths } from './route-spec';

const apiVersion = 'networking.istio.io/v1';

/** A service's place behind the front door, and the limits of the proxies that call it. */
export class Route extends Component {
  constructor(name: string, args: RouteArgs, options?: ComponentResourceOptions) {
    super('Route', name, options);
    const metadata = {
      name: assertNameFits(name),
      namespace: args.namespace,
      labels: labelsOf({ app: args.app, component: 'route' }),
    };
    new k8s.apiextensions.CustomResource(
      `${name}-destination`,
      { apiVersion, kind: 'DestinationRule', metadata, spec: destinationRuleSpec(args) },
      this.child(),
    );
    if (args.paths.length > 0) {
      const spec = virtualServiceSpec(args);
      new k8s.apiextensions.CustomResource(
        `${name}-route`,
        { apiVersion, kind: 'VirtualService', metadata, spec },
        this.child(args.releaseManaged ? { ignoreChanges: weightPaths(spec) } : {}),
      );
    }
    this.registerOutputs({});
  }
}
