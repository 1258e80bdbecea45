import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Access } from '../components/access';
import { Component } from '../components/component';
import type { Peer } from '../components/network-policy';
import { OneShotJob } from '../components/one-shot-job';
import { type EnvVar, fromSecret } from '../components/pod';
import { PlatformSecret } from '../components/secret';
import { ServiceAccount } from '../components/service-account';
import { StatefulServer } from '../components/stateful-server';
import { peersServiceName } from '../components/stateful-server-spec';
import { accountOf, awsOf } from './account';
import { appName, type Context, servers, usesTopics } from './context';
import { networkTiers } from './data-access';
import { EventStore } from './event-store';
import { brokerPorts, kafkaAdmin, kafkaAdminRole, kafkaPeer, kafkaSecretName } from './kafka-access';
import { secretSource } from './secrets';
import { StrimziKafka } from './strimzi';
import { grantsText, topicLines } from './topics';

const kafkaUid = 1000;
const controllerPort = 9093;
const topicsApp = 'kafka-topics';
/** One node is the image's default. Several take their number from the pod's own and find each other by name. */
export function clusterEnvironment(brokers: number): EnvVar[] {
  const { app, port } = servers.kafka;
  if (brokers === 1) return [{ name: 'KAFKA_ADVERTISED_LISTENERS', value: `PLAINTEXT://${app}:${port}` }];
  const nodes = peersServiceName(app);
  const voters = Array.from({ length: brokers }, (_, i) => `${i}@${app}-${i}.${nodes}:${controllerPort}`);
  const copies = String(Math.min(3, brokers));
  return [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    {
      name: 'KAFKA_NODE_ID',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } },
    },
    { name: 'KAFKA_ADVERTISED_LISTENERS', value: `PLAINTEXT://$(POD_NAME).${nodes}:${port}` },
    { name: 'KAFKA_CONTROLLER_QUORUM_VOTERS', value: voters.join(',') },
    { name: 'KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR', value: copies },
    { name: 'KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR', value: copies },
    { name: 'KAFKA_TRANSACTION_STATE_LOG_MIN_ISR', value: '2' },
    { name: 'KAFKA_MIN_INSYNC_REPLICAS', value: '2' },
  ];
}

/** Third layer: Kafka with the topics the catalogue declares, run by whom the setting `messaging` names. */
export class MessagingLayer extends Component {
  constructor(name: string, context: Context, options: ComponentResourceOptions) {
    super('MessagingLayer', name, options);
    switch (context.config.messaging) {
      case 'kafka':
        this.topics(context, this.kafka(context));
        break;
      case 'strimzi':
        new StrimziKafka('kafka', context, this.child());
        break;
      case 'msk':
        this.managed(context);
    }
    if (context.config.eventStore === 'kurrentdb') new EventStore('event-store', context, this.child());
    this.registerOutputs({});
  }

  /** The brokers are the aws layer's; here is what the services log in with, and the Job that makes topics and grants. */
  private managed(context: Context) {
    this.administration(context);
    const keys = { brokers: {}, username: {}, password: {} };
    for (const service of context.services.filter(usesTopics)) {
      const secretName = kafkaSecretName(service);
      const source = secretSource(context, secretName, keys, 'external');
      const { namespace } = context;
      const app = appName(service);
      new PlatformSecret(secretName, { namespace, app, secretName, source, keys }, this.child());
    }
  }

  private administration(context: Context) {
    const { namespace, services, config, image } = context;
    const { app, secretName } = kafkaAdmin;
    const account = accountOf(context);
    const annotations = {
      'eks.amazonaws.com/role-arn': `arn:aws:iam::${account.accountId}:role/${kafkaAdminRole(account)}`,
    };
    const keys = { brokers: {} };
    const source = secretSource(context, secretName, keys, 'external');
    const secret = new PlatformSecret(secretName, { namespace, app, secretName, source, keys }, this.child());
    const identity = new ServiceAccount(app, { namespace, app, annotations }, this.child());
    const egress: Peer[] = [
      { to: 'dns' },
      kafkaPeer(config, brokerPorts.administration),
      // Its role is given to it by AWS's token service.
      { to: 'network', cidrs: networkTiers(awsOf(context)).private, port: 443 },
    ];
    const access = new Access(app, { namespace, app, ingress: [], egress }, this.child());
    new OneShotJob(
      app,
      {
        namespace,
        app,
        image: image(app),
        uid: 65534,
        command: ['node', '/app/main.js'],
        env: [
          fromSecret('KAFKA_BROKERS', secretName, 'brokers'),
          { name: 'AWS_REGION', value: account.region },
          { name: 'KAFKA_TOPICS', value: topicLines(services, 3).join('\n') },
          { name: 'KAFKA_GRANTS', value: grantsText(services) },
        ],
        mounts: [],
        resources: {
          requests: { cpu: '20m', memory: '64Mi' },
          limits: { cpu: '500m', memory: '192Mi' },
        },
        serviceAccountName: identity.serviceAccountName,
      },
      this.child({ dependsOn: [secret, identity, access] }),
    );
  }

  private kafka({ namespace, config, services, image, spread }: Context): StatefulServer {
    const { app, port, hosts } = servers.kafka;
    const { brokers, heapMebibytes } = config.kafka;
    // A single broker calls itself by the same address as its clients.
    const nodes = [port, controllerPort].map((open): Peer => ({ to: 'app', app, port: open, hosts }));
    const clients = [...services.filter(usesTopics).map(appName), topicsApp];
    return new StatefulServer(
      app,
      {
        namespace,
        image: image('kafka'),
        uid: kafkaUid,
        ports: { kafka: port, controller: controllerPort },
        env: [
          ...clusterEnvironment(brokers),
          { name: 'KAFKA_HEAP_OPTS', value: `-Xms${heapMebibytes}m -Xmx${heapMebibytes}m` },
        ],
        replicas: brokers,
        storage: { size: config.kafka.storage, class: config.storageClass },
        dataPath: '/var/lib/kafka/data',
        scratchPaths: [],
        mounts: [],
        probe: { tcpSocket: { port }, timeoutSeconds: 3 },
        startupSeconds: 300,
        graceSeconds: 60,
        resources: config.kafka.resources,
        ingress: [...clients.map((client): Peer => ({ to: 'app', app: client, port })), ...nodes],
        egress: [{ to: 'dns' }, ...nodes],
        spread,
      },
      this.child(),
    );
  }

  private topics({ namespace, config, services, image }: Context, kafka: StatefulServer) {
    const app = topicsApp;
    const { serviceAccountName } = new ServiceAccount(app, { namespace, app }, this.child());
    const egress: Peer[] = [{ to: 'dns' }, { to: 'app', ...servers.kafka }];
    const access = new Access(app, { namespace, app, ingress: [], egress }, this.child());
    new OneShotJob(
      app,
      {
        namespace,
        app,
        image: image('kafka'),
        uid: kafkaUid,
        command: ['/opt/kafka/bin/topics'],
        env: [
          { name: 'KAFKA_BOOTSTRAP', value: `${servers.kafka.app}:${servers.kafka.port}` },
          { name: 'KAFKA_TOPICS', value: topicLines(services, Math.min(3, config.kafka.brokers)).join('\n') },
        ],
        mounts: [],
        resources: {
          requests: { cpu: '50m', memory: '128Mi' },
          limits: { cpu: '1', memory: '384Mi' },
        },
        serviceAccountName,
      },
      this.child({ dependsOn: [kafka, access] }),
    );
  }
}
