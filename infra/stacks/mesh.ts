import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from '../components/component';
import { MeshDefaults } from '../components/mesh-defaults';
import { Traffic } from '../components/traffic';
import { appName, type Context } from './context';

/**
 * Second layer: mutual TLS and nobody let in unless declared, then how each service is called. Before any workload, so that none
 * ever runs without. Who may call whom stands beside each workload (`Access`); Istio itself is expected to be in the cluster.
 */
export class MeshLayer extends Component {
  constructor(name: string, context: Context, options: ComponentResourceOptions) {
    super('MeshLayer', name, options);
    const { namespace, config } = context;
    new MeshDefaults('mesh', { namespace, tracingProvider: config.tracingProvider }, this.child());
    for (const service of context.services) {
      const app = appName(service);
      new Traffic(
        app,
        { namespace, app, traffic: service.mesh, releaseManaged: config.releaseManaged },
        this.child(),
      );
    }
    this.registerOutputs({});
  }
}
