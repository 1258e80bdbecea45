import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { ServiceEntry } from '../catalog/schema';
import { type Container, containerSecurity, type EnvVar, startupProbe } from '../components/pod';
import { appName, type Context, sandboxServers } from './context';
import { Sandbox, standInContainer } from './sandbox';
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
  return [
    standInContainer(context, {
      ...{ server: sandboxServers.payment, startupSeconds, writes: ['/tmp', '/data'] },
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
      size: { cpu: '20m', memory: '96Mi', maxMemory: '192Mi' },
    }),
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
