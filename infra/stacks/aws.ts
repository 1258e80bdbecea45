import * as aws from '@pulumi/aws/provider';
import type { Output, Resource } from '@pulumi/pulumi';
import { type AwsSettings, zonesOf } from '../aws-settings';
import { Audit, auditBucket } from '../components/aws/audit';
import { Backups } from '../components/aws/backups';
import { ManagedBroker } from '../components/aws/broker';
import { Bucket } from '../components/aws/bucket';
import { MonthlyBudget } from '../components/aws/budget';
import { ManagedCache } from '../components/aws/cache';
import { Cluster } from '../components/aws/cluster';
import { ManagedDatabase } from '../components/aws/database';
import { Endpoints, S3Endpoint } from '../components/aws/endpoints';
import { Network } from '../components/aws/network';
import type { Account } from '../components/aws/policy';
import { Role, trustOfServiceAccount } from '../components/aws/role';
import { SecurityGroups } from '../components/aws/security-groups';
import { Watch } from '../components/aws/watch';
import { Component } from '../components/component';
import { project } from '../config';
import { accountOf, awsOf } from './account';
import { AwsEdge } from './aws-edge';
import { awsKeys, type Keys } from './aws-keys';
import { AwsSecrets, BrokerUsers, CachePasswords } from './aws-secrets';
import { type Context, frontDoorOf } from './context';
import { cacheUser, databaseAdministrator } from './data-access';
import { brokerPorts, kafkaAdmin, kafkaAdminRole } from './kafka-access';
import { topicLines } from './topics';

/** On every resource, by the provider itself, so that none can be forgotten. */
export const tagsOf = (context: Pick<Context, 'config'>): Record<string, string> => {
  const { owner, costCentre } = awsOf(context);
  return {
    environment: context.config.environment,
    'part-of': project,
    'managed-by': 'pulumi',
    owner,
    'cost-centre': costCentre,
  };
};

/** AWS services that are spoken to without leaving the network. */
const privateServices = [
  'ec2',
  'ecr.api',
  'ecr.dkr',
  'eks',
  'elasticloadbalancing',
  'kms',
  'logs',
  'secretsmanager',
  'sts',
] as const;

const groups = {
  balancer: 'Load balancer: the only thing the internet reaches',
  'control-plane': 'API servers of the cluster',
  nodes: 'Nodes of the cluster and their pods',
  endpoints: 'Private addresses of AWS services',
  database: 'PostgreSQL',
  cache: 'Valkey',
  broker: 'Kafka',
};

/** Webhooks the API servers call: kubelet and External Secrets, Istio, metrics, cert-manager and others. */
const webhookPorts = [443, 4443, 9443, 10_250, 10_251, 15_017];

/** The whole list of who may open connections to whom. */
export const openings = ({ nodePort, healthNodePort }: AwsSettings['edge']) =>
  [
    { from: 'internet', to: 'balancer', port: 443, because: 'customers, over TLS 1.3' },
    { from: 'balancer', to: 'nodes', port: nodePort, because: 'requests to the gateway' },
    { from: 'balancer', to: 'nodes', port: healthNodePort, because: 'health of the gateway' },
    { from: 'nodes', to: 'control-plane', port: 443, because: 'API of Kubernetes' },
    ...webhookPorts.map((port) => ({
      from: 'control-plane' as const,
      to: 'nodes' as const,
      port,
      because: 'kubelet, metrics and webhooks',
    })),
    { from: 'nodes', to: 'nodes', port: 'all', because: 'pods among each other; network policies say which' },
    { from: 'nodes', to: 'endpoints', port: 443, because: 'AWS services' },
    { from: 'nodes', to: 'internet', port: 443, because: 'payment gateways and images' },
    { from: 'nodes', to: 'database', port: 5432, because: 'services and their migrations' },
    { from: 'nodes', to: 'cache', port: 6379, because: 'services with a cache' },
    {
      from: 'nodes',
      to: 'broker',
      port: brokerPorts.services,
      because: 'services with topics (SCRAM over TLS)',
    },
    {
      from: 'nodes',
      to: 'broker',
      port: brokerPorts.administration,
      because: 'administration of topics (IAM over TLS)',
    },
  ] as const;

/** A topic is named below its cluster. */
const topicArn = (clusterArn: string, topic: string) =>
  `${clusterArn.replace(':cluster/', ':topic/')}/${topic}`;

type Group = keyof typeof groups;

interface Ground {
  network: Network;
  groups: SecurityGroups<Group>;
}

/** What the platform stands on in staging and production: network, cluster, data and the way in, in an AWS account of its own. */
export class AwsLayer extends Component {
  /** Command that adds the cluster to somebody's kubeconfig. */
  readonly kubeconfigCommand: string;
  readonly region: string;
  /** Entry with the password of the database's administrator. */
  readonly masterSecretArn: Output<string>;
  /** The entries of the secrets manager, with what the platform itself puts into them. */
  readonly secrets: Resource;

  constructor(name: string, context: Context) {
    const settings = awsOf(context);
    const provider = new aws.Provider(name, {
      region: settings.region as aws.ProviderArgs['region'],
      // Credentials of another account are refused before anything is touched.
      allowedAccountIds: [settings.accountId],
      defaultTags: { tags: tagsOf(context) },
    });
    super('AwsLayer', name, { providers: { aws: provider } });
    const account = accountOf(context);
    const keys = awsKeys(account, this.child());
    const audit = auditBucket(
      'audit',
      {
        account,
        keyArn: keys.audit.arn,
        lockDays: settings.logs.auditLockDays,
        keepDays: settings.logs.auditDays,
      },
      this.child(),
    );
    new Audit('audit', { account, bucket: audit, keyArn: keys.audit.arn }, this.child());
    const ground = this.network(account, settings, audit);
    const { network } = ground;
    const cluster = this.cluster(account, settings, ground, keys);
    this.kubeconfigCommand = `aws eks update-kubeconfig --region ${settings.region} --name ${cluster.clusterName}`;
    const database = this.database(context, ground, keys);
    this.region = settings.region;
    this.masterSecretArn = database.masterSecretArn;
    const cachePasswords = new CachePasswords('cache-password', context, this.child()).values;
    const cache = this.cache(account, settings, ground, keys, cachePasswords);
    this.secrets = new AwsSecrets(
      'secrets',
      {
        ...{ context, account, database, cache, cachePasswords },
        key: keys.secrets,
        dataKey: keys.data,
        broker:
          context.config.messaging === 'msk'
            ? this.broker(context, ground, keys, cluster.identity)
            : undefined,
        identity: cluster.identity,
      },
      this.child(),
    );
    new AwsEdge(
      'edge',
      {
        ...{ account, settings, network, cluster, keys },
        hosts: context.config.gatewayHosts,
        healthPath: frontDoorOf(context.config).health.path,
        securityGroupId: ground.groups.ids.balancer,
      },
      this.child(),
    );
    this.backups(account, settings, database, keys);
    if (settings.watch) {
      new Watch(
        'watch',
        { account, keyArn: keys.findings.arn, emails: settings.contacts.security },
        this.child(),
      );
    }
    new MonthlyBudget(
      'budget',
      { account, monthlyUsd: settings.monthlyBudgetUsd, emails: settings.contacts.budget },
      this.child(),
    );
    this.registerOutputs({});
  }

  private network(account: Account, settings: AwsSettings, audit: Bucket): Ground {
    const network = new Network(
      'network',
      { account, ...settings.network, zones: zonesOf(settings), logBucketArn: audit.arn },
      this.child({ dependsOn: audit.policy }),
    );
    const s3 = new S3Endpoint(
      's3-endpoint',
      { account, vpcId: network.vpcId, routeTableIds: network.innerRouteTableIds },
      this.child(),
    );
    const made = new SecurityGroups<Group>(
      'groups',
      {
        account,
        vpcId: network.vpcId,
        groups,
        openings: [...openings(settings.edge)],
        prefixLists: [{ from: 'nodes', id: s3.prefixListId, because: 'image layers from S3' }],
      },
      this.child(),
    );
    new Endpoints(
      'endpoints',
      {
        account,
        vpcId: network.vpcId,
        subnetIds: network.subnetIds.private,
        securityGroupId: made.ids.endpoints,
        services: privateServices,
      },
      this.child(),
    );
    return { network, groups: made };
  }

  private cluster(account: Account, settings: AwsSettings, ground: Ground, keys: Keys): Cluster {
    const { ids } = ground.groups;
    return new Cluster(
      'cluster',
      {
        account,
        ...settings.cluster,
        subnets: ground.network.subnetIds.private,
        securityGroupIds: { controlPlane: ids['control-plane'], nodes: ids.nodes },
        keyArns: { secrets: keys.cluster.arn, volumes: keys.volumes.arn, logs: keys.logs.arn },
        logDays: settings.logs.days,
      },
      this.child({ dependsOn: ground.groups }),
    );
  }

  private database(context: Context, ground: Ground, keys: Keys): ManagedDatabase {
    return new ManagedDatabase(
      'database',
      {
        account: accountOf(context),
        ...awsOf(context).database,
        administrator: databaseAdministrator,
        maxConnections: context.config.postgres.maxConnections,
        subnetIds: ground.network.subnetIds.isolated,
        securityGroupId: ground.groups.ids.database,
        keyArn: keys.data.arn,
      },
      this.child(),
    );
  }

  private cache(
    account: Account,
    settings: AwsSettings,
    ground: Ground,
    keys: Keys,
    passwords: Output<string>[],
  ): ManagedCache {
    return new ManagedCache(
      'cache',
      {
        account,
        ...settings.cache,
        subnetIds: ground.network.subnetIds.isolated,
        securityGroupId: ground.groups.ids.cache,
        keyArns: { data: keys.data.arn, logs: keys.logs.arn },
        user: { name: cacheUser, passwords },
        logDays: settings.logs.days,
      },
      this.child(),
    );
  }

  private broker(context: Context, ground: Ground, keys: Keys, identity: Cluster['identity']) {
    const settings = awsOf(context);
    const account = accountOf(context);
    const users = new BrokerUsers('broker-user', { context, account, key: keys.secrets }, this.child());
    const broker = new ManagedBroker(
      'broker',
      {
        account,
        ...settings.broker,
        subnetIds: ground.network.subnetIds.isolated,
        securityGroupId: ground.groups.ids.broker,
        keyArns: { data: keys.data.arn, logs: keys.logs.arn },
        userSecretArns: users.secretArns,
        logDays: settings.logs.days,
      },
      this.child(),
    );
    this.brokerAdministrator(context, broker, identity);
    return {
      addresses: broker.bootstrapBrokers,
      administrationAddresses: broker.administrationBrokers,
      users,
    };
  }

  /** Makes the topics of the catalogue and says who may do what with them; neither reads nor writes a message. */
  private brokerAdministrator(context: Context, broker: ManagedBroker, identity: Cluster['identity']) {
    const { namespace, services } = context;
    const topics = topicLines(services, 1).map((line) => line.split(':')[0] ?? '');
    new Role(
      'broker-administrator',
      {
        roleName: kafkaAdminRole(accountOf(context)),
        description: 'Makes topics and grants on the broker',
        trust: trustOfServiceAccount({ ...identity, namespace, serviceAccount: kafkaAdmin.app }),
        statements: [
          {
            sid: 'Grants',
            actions: ['kafka-cluster:Connect', 'kafka-cluster:DescribeCluster', 'kafka-cluster:AlterCluster'],
            resources: [broker.arn],
          },
          {
            sid: 'Topics',
            actions: [
              'kafka-cluster:CreateTopic',
              'kafka-cluster:DescribeTopic',
              'kafka-cluster:AlterTopic',
              'kafka-cluster:DescribeTopicDynamicConfiguration',
              'kafka-cluster:AlterTopicDynamicConfiguration',
            ],
            resources: topics.map((topic) => broker.arn.apply((arn) => topicArn(arn, topic))),
          },
        ],
      },
      this.child(),
    );
  }

  private backups(account: Account, settings: AwsSettings, database: ManagedDatabase, keys: Keys): void {
    // Dumps of what runs in the cluster; the database's own are in the vault.
    const dumps = new Bucket(
      'backups',
      {
        account,
        purpose: 'backups',
        keyArn: keys.backups.arn,
        coldAfterDays: 30,
        expireAfterDays: settings.backups.monthlyDays,
        keepVersionsDays: settings.backups.dailyDays,
      },
      this.child(),
    );
    new Backups(
      'backup-plan',
      {
        account,
        keyArn: keys.backups.arn,
        ...settings.backups,
        resources: [
          { name: 'database', arn: database.arn, type: 'RDS' },
          { name: 'dumps', arn: dumps.arn, type: 'S3' },
        ],
      },
      this.child(),
    );
  }
}
