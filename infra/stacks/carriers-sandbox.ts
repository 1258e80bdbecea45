import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { ServiceEntry } from '../catalog/schema';
import { type Context, sandboxServers } from './context';
import { Sandbox, standInContainer } from './sandbox';

/** The APIs of FedEx, UPS, DHL and USPS, in one process. */
export class CarriersSandbox extends Sandbox {
  constructor(name: string, context: Context, service: ServiceEntry, options: ComponentResourceOptions) {
    const server = sandboxServers.carriers;
    const { ports } = server;
    const container = standInContainer(context, {
      ...{ server, writes: ['/tmp', '/data'] },
      env: [
        { name: 'PORT', value: String(ports.http) },
        { name: 'DATA_DIR', value: '/data' },
      ],
    });
    super('CarriersSandbox', name, { context, service, server, containers: [container] }, options);
  }
}
