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
const { app, port } = servers.stripeSandbox;

/** The key and the webhook secret are those of the service it stands beside. */
const sharedSecrets = (service: ServiceEntry, context: Context): EnvVar[] =>
  serviceEnvironment(service, context).filter(({ name }) =>
    ['STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRET'].includes(String(name)),
  );

function containers(service: ServiceEntry, context: Context): Container[] {
  const scratchMounts = [scratch('/tmp'), scratch('/data')].map(({ mount }) => mount);
  const probe = (path: string, periodSeconds: number) => ({
    httpGet: { path, port },
    periodSeconds,
    timeoutSeconds: 3,
  });
  return [
    {
      name: 'sandbox',
      image: context.image('stripe-sandbox'),
      imagePullPolicy: 'IfNotPresent',
      env: [
        { name: 'PORT', value: String(port) },
        { name: 'STRIPE_MOCK_URL', value: `http://127.0.0.1:${mockPort}` },
        { name: 'STRIPE_SANDBOX_WEBHOOK_URL', value: `http://${appName(service)}/v1/webhooks/stripe` },
        { name: 'DATA_DIR', value: '/data' },
        ...sharedSecrets(service, context),
      ],
      ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
      startupProbe: startupProbe({ httpGet: { path: '/health', port } }, startupSeconds),
      livenessProbe: { ...probe('/health', 10), failureThreshold: 6 },
      readinessProbe: probe('/ready', 2),
      resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { cpu: '1', memory: '192Mi' } },
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

/** Stripe's API on this side of the fence: parameters checked by stripe-mock, state and webhooks by the sandbox. */
export class StripeSandbox extends Component {
  constructor(name: string, context: Context, service: ServiceEntry, options: ComponentResourceOptions) {
    super('StripeSandbox', name, options);
    const { namespace } = context;
    const labels = labelsOf({ app, component: 'sandbox' });
    const metadata = { name: app, namespace, labels };
    const { serviceAccountName } = new ServiceAccount(app, { namespace, app }, this.child());
    const access = new Access(
      app,
      {
        namespace,
        app,
        ingress: [{ to: 'app', app: appName(service), port }],
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
          ports: [{ name: 'http', port, targetPort: port, protocol: 'TCP', appProtocol: 'http' }],
        },
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
