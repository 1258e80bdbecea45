import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions, Output, Resource } from '@pulumi/pulumi';
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
import { generationOf } from './secrets';

const uid = 65534;
const rpcPort = 8300;
const gossipPort = 8301;
const aclApp = 'consul-acl';
const scriptFolder = '/scripts';
const scripts = Object.fromEntries(
  (['consul-acl.sh', 'consul-withdraw.sh'] as const).map((file) => [
    file,
    readFileSync(join(__dirname, file), 'utf8'),
  ]),
);
/** Their ConfigMap, named after the content. */
const scriptsName = `${aclApp}-${createHash('sha256').update(JSON.stringify(scripts)).digest('hex').slice(0, 8)}`;

/** Nobody outside the cluster needs these, and they are computed from the random values: no store of secrets could build them. */
const madeHere = (generation: number): SecretSource => ({ kind: 'generated', generation });
const tokenGeneration = (context: Context, service: ServiceEntry) =>
  generationOf(context, consulTokenName(service));

/** Consul's servers, its access rules, and a token per service. Catalogue and health only: the mesh is Istio's. */
export class DiscoveryLayer extends Component {
  private readonly tokens: ReadonlyMap<string, PlatformSecret>;
  private readonly admission: Resource;

  constructor(
    name: string,
    private readonly context: Context,
    options: ComponentResourceOptions,
  ) {
    super('DiscoveryLayer', name, options);
    const secret = this.secret(context);
    this.tokens = new Map(context.services.map((service) => [service.name, this.token(context, service)]));
    const consul = this.servers(context, secret);
    this.admission = this.rules(context, consul);
    this.registerOutputs({});
  }

  /** Its token, not Consul: a service serves without it. But pods that bring another token come after Consul knows it. */
  neededBy(service: ServiceEntry): Resource[] {
    const token = this.tokens.get(service.name) as PlatformSecret;
    return tokenGeneration(this.context, service) > 1 ? [token, this.admission] : [token];
  }

  private secret({ namespace }: Context): PlatformSecret {
    const { app } = servers.consul;
    return new PlatformSecret(
      app,
      {
        ...{ namespace, app, secretName: secretNames.consul, source: madeHere(1) },
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

  private token(context: Context, service: ServiceEntry): PlatformSecret {
    const { namespace } = context;
    const secretName = consulTokenName(service);
    const source = madeHere(tokenGeneration(context, service));
    return new PlatformSecret(
      secretName,
      {
        ...{ namespace, app: appName(service), secretName, source },
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

  private rules(context: Context, consul: StatefulServer): Resource {
    const { namespace, services } = context;
    const app = aclApp;
    const account = new ServiceAccount(app, { namespace, app }, this.child());
    const egress: Peer[] = [{ to: 'dns' }, { to: 'app', ...servers.consul }];
    const access = new Access(app, { namespace, app, ingress: [], egress }, this.child());
    const script = new k8s.core.v1.ConfigMap(
      `${app}-script`,
      {
        metadata: { name: scriptsName, namespace, labels: labelsOf({ app, component: 'script' }) },
        data: scripts,
        immutable: true,
      },
      this.child(),
    );
    const agent = {
      name: 'consul-agent',
      rules: agentRules(),
      secretName: secretNames.consul,
      key: 'agent-token',
    };
    const entries = [agent, ...services.map((service) => entryOf(context, service))];
    return aclJob(
      app,
      { context, script: 'consul-acl.sh', entries },
      this.child({ dependsOn: [consul, account, access, script] }),
    );
  }
}

/** A token and what it may do. */
interface AclEntry {
  name: string;
  /** Unset where only its token is wanted. */
  rules?: string;
  secretName: string;
  key: string;
  generation?: number;
}

const entryOf = (context: Context, service: ServiceEntry): AclEntry => ({
  name: appName(service),
  rules: serviceRules(appName(service), calledBy(service, context.services).map(appName)),
  secretName: consulTokenName(service),
  key: 'token',
  generation: tokenGeneration(context, service),
});

/** Consul's command line with the management token. */
function aclJob(
  name: string,
  { context, script, entries }: { context: Context; script: keyof typeof scripts; entries: AclEntry[] },
  options: ComponentResourceOptions,
): OneShotJob {
  const { namespace, image } = context;
  return new OneShotJob(
    name,
    {
      namespace,
      app: aclApp,
      image: image('consul'),
      uid,
      command: ['sh', `${scriptFolder}/${script}`],
      env: [
        { name: 'CONSUL_HTTP_ADDR', value: `http://${servers.consul.app}:${servers.consul.port}` },
        fromSecret('CONSUL_HTTP_TOKEN', secretNames.consul, 'management-token'),
        { name: 'NAMES', value: entries.map((entry) => entry.name).join(' ') },
        // Another generation is another Job: the tokens themselves are references here.
        { name: 'GENERATIONS', value: entries.map(({ generation = 1 }) => generation).join(' ') },
        ...entries.flatMap(({ name: own, rules, secretName, key }): EnvVar[] => {
          const variable = own.replace(/-/g, '_');
          return [
            ...(rules === undefined ? [] : [{ name: `${variable}_RULES`, value: rules }]),
            fromSecret(`${variable}_TOKEN`, secretName, key),
          ];
        }),
      ],
      mounts: [configFiles(scriptFolder, scriptsName)],
      resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { cpu: '1', memory: '256Mi' } },
      serviceAccountName: aclApp,
      deadlineSeconds: 600,
    },
    options,
  );
}

/** Revokes the former tokens of services that have had another, once no pod uses them. */
export function consulWithdrawal(
  context: Context,
  services: ServiceEntry[],
  options: ComponentResourceOptions,
): OneShotJob {
  const entries = services.map((service) => ({ ...entryOf(context, service), rules: undefined }));
  return aclJob(`${aclApp}-withdrawal`, { context, script: 'consul-withdraw.sh', entries }, options);
}

/** Services whose token is not the first. */
export const consulRotated = (context: Context): ServiceEntry[] =>
  context.discovery ? context.services.filter((service) => tokenGeneration(context, service) > 1) : [];

const token = (password: Output<string> | undefined) => pulumi.output(password ?? '').apply(tokenOf);
