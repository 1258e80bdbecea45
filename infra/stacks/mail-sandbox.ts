import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { ServiceEntry } from '../catalog/schema';
import { type Container, containerSecurity, scratch, startupProbe } from '../components/pod';
import { type Context, sandboxServers } from './context';
import { Sandbox } from './sandbox';

const { http: port, smtp } = sandboxServers.mail.ports;

const container = (context: Context): Container => {
  const probe = (path: string, periodSeconds: number) => ({
    httpGet: { path, port },
    periodSeconds,
    timeoutSeconds: 3,
  });
  return {
    name: 'sandbox',
    image: context.image('mail-sandbox'),
    imagePullPolicy: 'IfNotPresent',
    env: [
      { name: 'PORT', value: String(port) },
      { name: 'SMTP_PORT', value: String(smtp) },
    ],
    ports: [
      { name: 'http', containerPort: port, protocol: 'TCP' },
      { name: 'smtp', containerPort: smtp, protocol: 'TCP' },
    ],
    startupProbe: startupProbe({ httpGet: { path: '/health', port } }, 60),
    livenessProbe: { ...probe('/health', 10), failureThreshold: 6 },
    readinessProbe: probe('/ready', 2),
    resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { cpu: '1', memory: '128Mi' } },
    securityContext: containerSecurity(),
    volumeMounts: [scratch('/tmp')].map(({ mount }) => mount),
  };
};

/** A mail server that keeps what it is sent, and a receiver of webhooks, in one process. */
export class MailSandbox extends Sandbox {
  constructor(name: string, context: Context, service: ServiceEntry, options: ComponentResourceOptions) {
    const server = sandboxServers.mail;
    super('MailSandbox', name, { context, service, server, containers: [container(context)] }, options);
  }
}
