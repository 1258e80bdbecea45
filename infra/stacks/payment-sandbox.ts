import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { ServiceEntry } from '../catalog/schema';
import { type Container, containerSecurity, type EnvVar, scratch, startupProbe } from '../components/pod';
import { appName, type Context, sandboxServers } from './context';
import { Sandbox } from './sandbox';
import { serviceEnvironment } from './service-environment';

const mockPort = 12112;
/** stripe-mock reads all of Stripe's API description first. */
const startupSeconds = 180;
const { ports } = sandboxServers.payment;

/** The keys are those of the service it stands beside. */
const sharedSecrets = (service: ServiceEntry, context: Context): EnvVar[] => {
  const names = Object.values(service.secrets).flatMap(({ env }) => Object.keys(env));
  return serviceEnvironment(service, context).filter(({ name }) => names.includes(String(name)));
};

function containers(service: ServiceEntry, context: Context): Container[] {
  const scratchMounts = [scratch('/tmp'), scratch('/data')].map(({ mount }) => mount);
  const probe = (path: string, periodSeconds: number) => ({
    httpGet: { path, port: ports.stripe as number },
    periodSeconds,
    timeoutSeconds: 3,
  });
  return [
    {
      name: 'sandbox',
      image: context.image('payment-sandbox'),
      imagePullPolicy: 'IfNotPresent',
      env: [
        ...Object.entries(ports).map(([gateway, port]) => ({
          name: `${gateway.toUpperCase()}_PORT`,
          value: String(port),
        })),
        { name: 'STRIPE_MOCK_URL', value: `http://127.0.0.1:${mockPort}` },
        { name: 'WEBHOOKS_URL', value: `http://${appName(service)}/v1/webhooks` },
        { name: 'DATA_DIR', value: '/data' },
        ...sharedSecrets(service, context),
      ],
      ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
      startupProbe: startupProbe({ httpGet: { path: '/health', port: ports.stripe } }, startupSeconds),
      livenessProbe: { ...probe('/health', 10), failureThreshold: 6 },
      readinessProbe: probe('/ready', 2),
      resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { cpu: '1', memory: '192Mi' } },
      securityContext: containerSecurity(),
      volumeMounts: scratchMounts,
    },
    {
      name: 'stripe-mock',
      image: context.image('stripe-mock'),
      imagePullPolicy: 'IfNotPresent',
      args: ['-http-port', String(mockPort)],
      ports: [{ name: 'mock', containerPort: mockPort, protocol: 'TCP' }],
      startupProbe: startupProbe({ tcpSocket: { port: mockPort } }, startupSeconds),
      livenessProbe: { tcpSocket: { port: mockPort }, periodSeconds: 10, failureThreshold: 6 },
      readinessProbe: { tcpSocket: { port: mockPort }, periodSeconds: 2 },
      resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { cpu: '1', memory: '192Mi' } },
      securityContext: containerSecurity(),
    },
  ];
}

/** The payment gateways' APIs: state and webhooks of all by the sandbox, Stripe's parameters checked by stripe-mock. */
export class PaymentSandbox extends Sandbox {
  constructor(name: string, context: Context, service: ServiceEntry, options: ComponentResourceOptions) {
    const server = sandboxServers.payment;
    super(
      'PaymentSandbox',
      name,
      { context, service, server, containers: containers(service, context) },
      options,
    );
  }
}
