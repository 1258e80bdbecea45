import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import type { ServiceEntry } from '../catalog/schema';
import { Access } from '../components/access';
import { Component } from '../components/component';
import { outsideMesh } from '../components/instances';
import { labelsOf } from '../components/names';
import type { Peer } from '../components/network-policy';
import { OneShotJob } from '../components/one-shot-job';
import { configFiles, type EnvVar, fromSecret, secretFile } from '../components/pod';
import { PlatformSecret, type SecretSource } from '../components/secret';
import { ServiceAccount } from '../components/service-account';
import { StatefulServer } from '../components/stateful-server';
import { peersServiceName } from '../components/stateful-server-spec';
import { calledBy } from './connections';
import { agentConfiguration, agentRules, serviceRules, tokenOf } from './consul';
import {
  appName,
  type Context,
  checkPort,
  consulTokenName,
  instancesName,
  secretNames,
  servers,
} from './context';

const uid = 65534;
const rpcPort = 8300;
const gossipPort = 8301;
const aclApp = 'consul-acl';
const scriptFolder = '/scripts';
const aclScript = readFileSync(join(__dirname, 'consul-acl.sh'), 'utf8');

/** Nobody outside the cluster needs these, and they are computed from the random values: no store of secrets could build them. */
const madeHere: SecretSource = { kind: 'generated', generation: 1 };

/** Consul's servers, its access rules, and a token per service. Catalogue and health only: the mesh is Istio's. */
export class DiscoveryLayer extends Component {
  private readonly tokens: ReadonlyMap<string, PlatformSecret>;

  constructor(name: string, context: Context, options: ComponentResourceOptions) {
    super('DiscoveryLayer', name, options);
    const secret = this.secret(context);
    this.tokens = new Map(context.services.map((service) => [service.name, this.token(context, service)]));
    const consul = this.servers(context, secret);
    this.rules(context, consul);
    this.registerOutputs({});
  }

  /** The Secret a service's pods read their token from. */
  tokenOf(service: ServiceEntry): PlatformSecret {
    return this.tokens.get(service.name) as PlatformSecret;
  }

  private secret({ namespace }: Context): PlatformSecret {
    const { app } = servers.consul;
    return new PlatformSecret(
      app,
      {
        ...{ namespace, app, secretName: secretNames.consul, source: madeHere },
        keys: { gossip: {}, management: {}, agent: {} },
        derive: ({ gossip, management, agent }) => ({
          'management-token': token(management),
          'agent-token': token(agent),
          'agent.json': pulumi
            .all([gossip ?? '', token(management), token(agent)])
            .apply(([gossipKey, managementToken, agentToken]) =>
              JSON.stringify(agentConfiguration({ gossipKey, managementToken, agentToken })),
            ),
        }),
      },
      this.child(),
    );
  }

  private token({ namespace }: Context, service: ServiceEntry): PlatformSecret {
    const secretName = consulTokenName(service);
    return new PlatformSecret(
      secretName,
      {
        ...{ namespace, app: appName(service), secretName, source: madeHere },
        keys: { seed: {} },
        derive: ({ seed }) => ({ token: token(seed) }),
      },
      this.child(),
    );
  }

  private servers({ namespace, config, services, image, spread }: Context, secret: PlatformSecret) {
    const { app, port, hosts } = servers.consul;
    const { servers: count, storage, resources } = config.consul;
    const nodes = Array.from({ length: count }, (_, i) => `${app}-${i}.${peersServiceName(app)}`);
    const between: Peer[] = [
      { to: 'app', app, port: rpcPort, hosts },
      { to: 'app', app, port: gossipPort, hosts },
      { to: 'app', app, port: gossipPort, protocol: 'UDP', hosts },
    ];
    const checks = services.flatMap((service): Peer[] =>
      [service.port, checkPort].map(
        (open): Peer => ({ to: 'app', app: appName(service), port: open, hosts: [instancesName(service)] }),
      ),
    );
    const clients = [...services.map(appName), aclApp];
    return new StatefulServer(
      app,
      {
        namespace,
        image: image('consul'),
        args: [
          'agent',
          '-server',
          `-bootstrap-expect=${count}`,
          '-node=$(POD_NAME)',
          '-advertise=$(POD_IP)',
          '-data-dir=/consul/data',
          '-config-file=/etc/consul/agent.json',
          ...(count > 1 ? nodes.map((node) => `-retry-join=${node}`) : []),
        ],
        uid,
        ports: { http: port, 'tcp-rpc': rpcPort, 'tcp-gossip': gossipPort },
        env: [
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        ],
        replicas: count,
        storage: { size: storage, class: config.storageClass },
        dataPath: '/consul/data',
        scratchPaths: [],
        mounts: [secretFile('/etc/consul', secret.secretName, 'agent.json')],
        probe: { httpGet: { path: '/v1/status/leader', port }, timeoutSeconds: 3 },
        startupSeconds: 120,
        graceSeconds: 30,
        resources,
        ingress: [
          ...clients.map((client): Peer => ({ to: 'app', app: client, port })),
          ...(count > 1 ? between : []),
        ],
        egress: [{ to: 'dns' }, ...checks, ...(count > 1 ? between : [])],
        spread,
        // Gossip has its own encryption and speaks UDP, which no sidecar carries; check ports answer for processes.
        podAnnotations: outsideMesh([gossipPort], [gossipPort, checkPort]),
      },
      this.child({ dependsOn: [secret, ...this.tokens.values()] }),
    );
  }

  private rules({ namespace, services, image }: Context, consul: StatefulServer) {
    const app = aclApp;
    const { serviceAccountName } = new ServiceAccount(app, { namespace, app }, this.child());
    const egress: Peer[] = [{ to: 'dns' }, { to: 'app', ...servers.consul }];
    const access = new Access(app, { namespace, app, ingress: [], egress }, this.child());
    const scriptName = `${app}-${createHash('sha256').update(aclScript).digest('hex').slice(0, 8)}`;
    const script = new k8s.core.v1.ConfigMap(
      `${app}-script`,
      {
        metadata: { name: scriptName, namespace, labels: labelsOf({ app, component: 'script' }) },
        data: { 'consul-acl.sh': aclScript },
        immutable: true,
      },
      this.child(),
    );
    const entries = [
      { name: 'consul-agent', rules: agentRules(), secretName: secretNames.consul, key: 'agent-token' },
      ...services.map((service) => ({
        name: appName(service),
        rules: serviceRules(appName(service), calledBy(service, services).map(appName)),
        secretName: consulTokenName(service),
        key: 'token',
      })),
    ];
    new OneShotJob(
      app,
      {
        namespace,
        app,
        image: image('consul'),
        uid,
        command: ['sh', `${scriptFolder}/consul-acl.sh`],
        env: [
          { name: 'CONSUL_HTTP_ADDR', value: `http://${servers.consul.app}:${servers.consul.port}` },
          fromSecret('CONSUL_HTTP_TOKEN', secretNames.consul, 'management-token'),
          { name: 'NAMES', value: entries.map(({ name }) => name).join(' ') },
          ...entries.flatMap(({ name, rules, secretName, key }): EnvVar[] => {
            const variable = name.replace(/-/g, '_');
            return [
              { name: `${variable}_RULES`, value: rules },
              fromSecret(`${variable}_TOKEN`, secretName, key),
            ];
          }),
        ],
        mounts: [configFiles(scriptFolder, scriptName)],
        resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
        serviceAccountName,
        deadlineSeconds: 600,
      },
      this.child({ dependsOn: [consul, access, script] }),
    );
  }
}

const token = (password: Output<string> | undefined) => pulumi.output(password ?? '').apply(tokenOf);
