import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { ServiceEntry } from '../catalog/schema';
import { Access } from '../components/access';
import { Component } from '../components/component';
import { labelsOf } from '../components/names';
import {
  basePod,
  type Container,
  containerSecurity,
  type EnvVar,
  scratch,
  startupProbe,
} from '../components/pod';
import { ServiceAccount } from '../components/service-account';
import { appName, type Context, servers } from './context';
import { rolledBy } from './secrets';
import { serviceEnvironment } from './service-environment';

const uid = 65534;
const mockPort = 12112;
/** stripe-mock reads all of Stripe's API description first. */
const startupSeconds = 180;
const { app, ports } = servers.paymentSandbox;

/** The keys are those of the service it stands beside. */
const sharedSecrets = (service: ServiceEntry, context: Context): EnvVar[] => {
  const names = Object.values(service.secrets).flatMap(({ env }) => Object.keys(env));
  return serviceEnvironment(service, context).filter(({ name }) => names.includes(String(name)));
};

function containers(service: ServiceEntry, context: Context): Container[] {
  const scratchMounts = [scratch('/tmp'), scratch('/data')].map(({ mount }) => mount);
  const probe = (path: string, periodSeconds: number) => ({
    httpGet: { path, port: ports.stripe },
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

/**
 * The payment gateways' APIs on this side of the fence: state and webhooks of all by the sandbox, Stripe's parameters checked by
 * stripe-mock.
 */
export class PaymentSandbox extends Component {
  constructor(name: string, context: Context, service: ServiceEntry, options: ComponentResourceOptions) {
    super('PaymentSandbox', name, options);
    const { namespace } = context;
    const labels = labelsOf({ app, component: 'sandbox' });
    const metadata = { name: app, namespace, labels };
    const { serviceAccountName } = new ServiceAccount(app, { namespace, app }, this.child());
    const access = new Access(
      app,
      {
        namespace,
        app,
        ingress: Object.values(ports).map((port) => ({ to: 'app', app: appName(service), port })),
        egress: [{ to: 'dns' }, { to: 'app', app: appName(service), port: service.port }],
      },
      this.child(),
    );
    new k8s.apps.v1.Deployment(
      `${app}-deployment`,
      {
        metadata,
        spec: {
          replicas: 1,
          revisionHistoryLimit: 3,
          // Two of them would disagree about what was charged.
          strategy: { type: 'Recreate' },
          selector: { matchLabels: { app } },
          template: {
            metadata: { labels, annotations: rolledBy(context, Object.keys(service.secrets)) },
            spec: basePod({
              uid,
              serviceAccountName,
              mounts: [scratch('/tmp'), scratch('/data')],
              graceSeconds: 10,
              containers: containers(service, context),
            }),
          },
        },
      },
      this.child({ dependsOn: access }),
    );
    new k8s.core.v1.Service(
      `${app}-address`,
      {
        metadata: { ...metadata, annotations: { 'pulumi.com/skipAwait': 'true' } },
        spec: {
          type: 'ClusterIP',
          selector: { app },
          ports: Object.entries(ports).map(([name, port]) => ({
            ...{ name, port, targetPort: port, protocol: 'TCP', appProtocol: 'http' },
          })),
        },
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
