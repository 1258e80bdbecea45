import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from '../components/component';
import { FrontDoor } from '../components/front-door';
import { Route } from '../components/route';
import { appName, type Context } from './context';

/** Last layer: the front door, and the way from it to each service. The ingress gateway itself is an add-on of the cluster. */
export class GatewayLayer extends Component {
  constructor(name: string, context: Context, options: ComponentResourceOptions) {
    super('GatewayLayer', name, options);
    const { namespace, config } = context;
    const hosts = config.gatewayHosts;
    const door = new FrontDoor(
      'front-door',
      { namespace, hosts, tlsSecret: config.gatewayTlsSecret },
      this.child(),
    );
    for (const service of context.services.filter(({ routes }) => routes.length > 0)) {
      new Route(
        appName(service),
        {
          namespace,
          app: appName(service),
          hosts,
          gateway: door.gatewayName,
          paths: service.routes,
          traffic: service.mesh,
          releaseManaged: config.releaseManaged,
        },
        this.child({ dependsOn: door }),
      );
    }
    this.registerOutputs({});
  }
}
