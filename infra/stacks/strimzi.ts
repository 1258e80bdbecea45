// Kafka by Strimzi's operator: encrypted, each client with its own password, each allowed what the catalogue says and nothing more.
import type {
  IKafka,
  IKafkaNodePool,
  IKafkaTopic,
  IKafkaUser,
} from '@kubernetes-models/strimzi-kafka-operator/kafka.strimzi.io/v1';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { ServiceEntry } from '../catalog/schema';
import { Component } from '../components/component';
import { labelsOf } from '../components/names';
import { NetworkPolicy, type Peer } from '../components/network-policy';
import type { PlatformConfig } from '../config';
import { appName, type Context, servers, usesTopics } from './context';
import { strimzi } from './kafka-access';
import { deadLetterHours, grantsOf, millisecondsPerHour } from './topics';

type Spec<T extends { spec?: unknown }> = NonNullable<T['spec']>;
type UserSpec = Spec<IKafkaUser>;
type Topic = ServiceEntry['topics']['produces'][number];

const { cluster } = strimzi;
const app = servers.kafka.app;
const operatorApp = `${app}-entity-operator`;
/** A majority decides; brokers do not vote, so that their load cannot delay an election. */
const controllers = 3;
const copiesInSync = 2;

/** Strimzi encrypts and authenticates all of Kafka's traffic itself. A sidecar around that would only add a hop it cannot look into. */
const podLabels = (of: string) => ({
  ...labelsOf({ app: of, component: 'server' }),
  'sidecar.istio.io/inject': 'false',
});

const podSecurity = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
/** As everywhere, but for the root file system: Kafka and the operators write beside their binaries. */
const container = {
  securityContext: { allowPrivilegeEscalation: false, privileged: false, capabilities: { drop: ['ALL'] } },
};
const operatorResources = {
  requests: { cpu: '100m', memory: '256Mi' },
  limits: { cpu: '500m', memory: '512Mi' },
};

const evenly = (of: string) => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: 'ScheduleAnyway' as const,
      labelSelector: { matchLabels: { 'strimzi.io/pool-name': of } },
    },
  ],
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        {
          topologyKey: 'kubernetes.io/hostname',
          labelSelector: { matchLabels: { 'strimzi.io/pool-name': of } },
        },
      ],
    },
  },
});

const copies = (brokers: number) => Math.min(3, brokers);
const inSync = (brokers: number) => Math.min(copiesInSync, copies(brokers));

export function kafkaSpec(kafka: PlatformConfig['kafka'], clients: string[]): Spec<IKafka> {
  const replication = copies(kafka.brokers);
  const template = { metadata: { labels: podLabels(operatorApp) }, securityContext: podSecurity };
  return {
    kafka: {
      ...(kafka.version && { version: kafka.version }),
      listeners: [
        {
          name: 'tls',
          port: servers.kafka.port,
          type: 'internal',
          tls: true,
          authentication: { type: 'scram-sha-512' },
          networkPolicyPeers: clients.map((client) => ({ podSelector: { matchLabels: { app: client } } })),
        },
      ],
      authorization: { type: 'simple' },
      rack: { topologyKey: 'topology.kubernetes.io/zone' },
      config: {
        'auto.create.topics.enable': false,
        'default.replication.factor': replication,
        'min.insync.replicas': inSync(kafka.brokers),
        'offsets.topic.replication.factor': replication,
        'transaction.state.log.replication.factor': replication,
        'transaction.state.log.min.isr': inSync(kafka.brokers),
        'unclean.leader.election.enable': false,
        'ssl.enabled.protocols': 'TLSv1.3',
      },
      metricsConfig: {
        type: 'strimziMetricsReporter',
        values: { allowList: ['kafka_(server|network|controller|cluster|log)_.*'] },
      },
      template: {
        pod: {
          metadata: { labels: podLabels(app) },
          securityContext: podSecurity,
          terminationGracePeriodSeconds: 120,
        },
        kafkaContainer: container,
        initContainer: container,
        podDisruptionBudget: { maxUnavailable: 1 },
      },
    },
    entityOperator: {
      topicOperator: { resources: operatorResources },
      userOperator: { resources: operatorResources, secretPrefix: strimzi.userSecretPrefix },
      template: { pod: template, topicOperatorContainer: container, userOperatorContainer: container },
    },
  };
}

export function nodePoolSpec(
  role: 'broker' | 'controller',
  { kafka, storageClass }: Pick<PlatformConfig, 'kafka' | 'storageClass'>,
): Spec<IKafkaNodePool> {
  const heap = `${kafka.heapMebibytes}m`;
  return {
    replicas: role === 'broker' ? kafka.brokers : controllers,
    roles: [role],
    storage: {
      type: 'jbod',
      volumes: [
        {
          id: 0,
          type: 'persistent-claim',
          size: role === 'broker' ? kafka.storage : '10Gi',
          class: storageClass,
          // The data outlives a pool that was removed by mistake.
          deleteClaim: false,
          kraftMetadata: 'shared',
        },
      ],
    },
    resources: kafka.resources,
    jvmOptions: { '-Xms': heap, '-Xmx': heap },
    template: {
      pod: { metadata: { labels: podLabels(app) }, securityContext: podSecurity, ...evenly(role) },
      kafkaContainer: container,
      initContainer: container,
    },
  };
}

export const topicSpec = (topic: Topic, brokers: number): Spec<IKafkaTopic> => ({
  partitions: topic.partitions,
  replicas: copies(brokers),
  config: {
    'retention.ms': topic.retentionHours * millisecondsPerHour,
    'min.insync.replicas': inSync(brokers),
    'cleanup.policy': 'delete',
  },
});

const deadLetters = ({ name }: Pick<Topic, 'name'>): Topic => ({
  name: `${name}.dlq`,
  partitions: 1,
  retentionHours: deadLetterHours,
});

export const userSpec = (service: ServiceEntry): UserSpec => ({
  authentication: { type: 'scram-sha-512' },
  authorization: { type: 'simple', acls: grantsOf(service) },
});

/** The cluster, its topics, and a user per service. The operator itself is an add-on of the Kubernetes cluster. */
export class StrimziKafka extends Component {
  constructor(name: string, context: Context, options?: ComponentResourceOptions) {
    super('StrimziKafka', name, options);
    const { config, services } = context;
    const clients = services.filter(usesTopics);
    const pools = (['controller', 'broker'] as const).map((role) =>
      this.object(context, 'KafkaNodePool', role, nodePoolSpec(role, config)),
    );
    this.policies(context);
    const kafka = this.object(
      context,
      'Kafka',
      cluster,
      kafkaSpec(config.kafka, clients.map(appName)),
      this.child({ dependsOn: pools }),
    );
    const after = this.child({ dependsOn: kafka });
    for (const topic of services.flatMap(({ topics }) => topics.produces)) {
      for (const each of [topic, deadLetters(topic)]) {
        this.object(context, 'KafkaTopic', each.name, topicSpec(each, config.kafka.brokers), after);
      }
    }
    for (const service of clients)
      this.object(context, 'KafkaUser', appName(service), userSpec(service), after);
    this.registerOutputs({});
  }

  private object(
    { namespace }: Context,
    kind: string,
    name: string,
    spec: object,
    options: ComponentResourceOptions = this.child(),
  ) {
    const labels = { ...labelsOf({ app, component: 'messaging' }), 'strimzi.io/cluster': cluster };
    return new k8s.apiextensions.CustomResource(
      `${kind}-${name}`,
      { apiVersion: 'kafka.strimzi.io/v1', kind, metadata: { name, namespace, labels }, spec },
      options,
    );
  }

  /** Who may come in is in the policies the operator makes of the listener; these open the way out, and between the nodes. */
  private policies({ namespace }: Context) {
    const nodes = strimzi.nodePorts.map((port): Peer => ({ to: 'app', app, port }));
    const kubernetes: Peer = { to: 'kubernetes' };
    new NetworkPolicy(
      app,
      { namespace, app, ingress: nodes, egress: [{ to: 'dns' }, kubernetes, ...nodes] },
      this.child(),
    );
    new NetworkPolicy(
      operatorApp,
      { namespace, app: operatorApp, ingress: [], egress: [{ to: 'dns' }, kubernetes, ...nodes] },
      this.child(),
    );
  }
}
