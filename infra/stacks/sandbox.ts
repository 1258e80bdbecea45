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
import { appName, type Context, type SandboxServer } from './context';
import { rolledBy } from './secrets';

const uid = 65534;

export interface SandboxArgs {
  context: Context;
  /** The service it stands beside. */
  service: ServiceEntry;
  server: SandboxServer;
  containers: Container[];
}

export interface StandIn {
  /** Its image has the name of its app. The first of its ports answers `/health` and `/ready`. */
  server: SandboxServer;
  env: EnvVar[];
  /** What it may write; `/tmp` unless told. */
  writes?: string[];
  startupSeconds?: number;
  /** Of the requests and the limit of memory. */
  size?: { cpu: string; memory: string; maxMemory: string };
}

/** The container of a stand-in: one of our own programs. */
export const standInContainer = (
  context: Context,
  { server: { app, ports }, env, writes = ['/tmp'], startupSeconds = 60, size = small }: StandIn,
): Container => {
  const [port] = Object.values(ports);
  const probe = (path: string, periodSeconds: number) => ({
    httpGet: { path, port: port as number },
    periodSeconds,
    timeoutSeconds: 3,
  });
  return {
    name: 'sandbox',
    image: context.image(app),
    imagePullPolicy: 'IfNotPresent',
    env,
    ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
    startupProbe: startupProbe({ httpGet: { path: '/health', port: port as number } }, startupSeconds),
    livenessProbe: { ...probe('/health', 10), failureThreshold: 6 },
    readinessProbe: probe('/ready', 2),
    resources: {
      requests: { cpu: size.cpu, memory: size.memory },
      limits: { cpu: '1', memory: size.maxMemory },
    },
    securityContext: containerSecurity(),
    volumeMounts: writes.map((path) => scratch(path).mount),
  };
};

const small = { cpu: '10m', memory: '48Mi', maxMemory: '128Mi' };

/** An outside party on this side of the fence: one pod that only the service it stands beside can reach. */
export class Sandbox extends Component {
  constructor(
    kind: string,
    name: string,
    { context, service, server: { app, ports, callsBack }, containers }: SandboxArgs,
    options: ComponentResourceOptions,
  ) {
    super(kind, name, options);
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
        egress: [
          { to: 'dns' },
          ...(callsBack ? [{ to: 'app', app: appName(service), port: service.port } as const] : []),
        ],
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
          // Two of them would disagree about what was charged and sold.
          strategy: { type: 'Recreate' },
          selector: { matchLabels: { app } },
          template: {
            metadata: { labels, annotations: rolledBy(context, Object.keys(service.secrets)) },
            spec: basePod({
              uid,
              serviceAccountName,
              mounts: [scratch('/tmp'), scratch('/data')],
              graceSeconds: 10,
              containers,
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
            // Of SMTP the server speaks first: a proxy that waited for a request would wait for ever.
            ...{
              name,
              port,
              targetPort: port,
              protocol: 'TCP',
              appProtocol: name === 'smtp' ? 'tcp' : 'http',
            },
          })),
        },
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
