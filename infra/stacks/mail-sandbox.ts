import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { ServiceEntry } from '../catalog/schema';
import { type Context, sandboxServers } from './context';
import { Sandbox, standInContainer } from './sandbox';

/** A mail server that keeps what it is sent, and a receiver of webhooks, in one process. */
export class MailSandbox extends Sandbox {
  constructor(name: string, context: Context, service: ServiceEntry, options: ComponentResourceOptions) {
    const server = sandboxServers.mail;
    const { ports } = server;
    const container = standInContainer(context, {
      server,
      env: [
        { name: 'PORT', value: String(ports.http) },
        { name: 'SMTP_PORT', value: String(ports.smtp) },
      ],
    });
    super('MailSandbox', name, { context, service, server, containers: [container] }, options);
  }
}
