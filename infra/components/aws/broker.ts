import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as msk from '@pulumi/aws/msk';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertInRange, assertNameFits } from '../names';
import type { Account } from './policy';

export interface BrokerArgs {
  account: Account;
  /** Kafka's version as MSK writes it, such as `3.9.x`. */
  kafkaVersion: string;
  instanceType: string;
  brokersPerZone: number;
  /** Volume of each broker, gibibytes. */
  storageGibibytes: number;
  /** Isolated subnets, one per zone. */
  subnetIds: Input<string>[];
  securityGroupId: Input<string>;
  keyArns: { data: Input<string>; logs: Input<string> };
  /** Secrets Manager entries (`AmazonMSK_…`) with `username` and `password` of each client. */
  userSecretArns: Input<string>[];
  logDays: number;
}

/** Same promises as on Kubernetes: three copies, two before a write counts, nothing made by accident. */
export const serverProperties = [
  'auto.create.topics.enable=false',
  'default.replication.factor=3',
  'min.insync.replicas=2',
  'unclean.leader.election.enable=false',
  'allow.everyone.if.no.acl.found=false',
].join('\n');

/** Kafka on MSK: TLS between everybody, SCRAM for services, IAM for people. */
export class ManagedBroker extends Component {
  /** `host:port,host:port,…` for SCRAM over TLS. */
  readonly bootstrapBrokers: Output<string>;
  /** The same for IAM over TLS. */
  readonly administrationBrokers: Output<string>;
  readonly arn: Output<string>;

  constructor(name: string, args: BrokerArgs, options?: ComponentResourceOptions) {
    super('aws:Broker', name, options);
    const { account } = args;
    assertInRange('aws.broker.brokersPerZone', args.brokersPerZone, { min: 1, max: 10 });
    assertInRange('zones of the broker', args.subnetIds.length, { min: 3, max: 6 });
    const configuration = new msk.Configuration(
      `${name}-configuration`,
      { name: account.prefix, kafkaVersions: [args.kafkaVersion], serverProperties },
      this.child(),
    );
    const logs = new cloudwatch.LogGroup(
      `${name}-logs`,
      {
        name: `/${account.prefix}/broker`,
        kmsKeyId: args.keyArns.logs,
        retentionInDays: args.logDays,
      },
      this.child(),
    );
    const cluster = new msk.Cluster(
      name,
      {
        clusterName: assertNameFits(account.prefix, 64),
        kafkaVersion: args.kafkaVersion,
        numberOfBrokerNodes: args.brokersPerZone * args.subnetIds.length,
        brokerNodeGroupInfo: {
          instanceType: args.instanceType,
          clientSubnets: args.subnetIds,
          securityGroups: [args.securityGroupId],
          storageInfo: { ebsStorageInfo: { volumeSize: args.storageGibibytes } },
          connectivityInfo: { publicAccess: { type: 'DISABLED' } },
        },
        encryptionInfo: {
          encryptionAtRestKmsKeyArn: args.keyArns.data,
          encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
        },
        clientAuthentication: { sasl: { scram: true, iam: true }, unauthenticated: false },
        configurationInfo: { arn: configuration.arn, revision: configuration.latestRevision },
        enhancedMonitoring: 'PER_TOPIC_PER_BROKER',
        openMonitoring: {
          prometheus: { jmxExporter: { enabledInBroker: true }, nodeExporter: { enabledInBroker: true } },
        },
        loggingInfo: { brokerLogs: { cloudwatchLogs: { enabled: true, logGroup: logs.name } } },
      },
      this.child({ protect: true }),
    );
    new msk.ScramSecretAssociation(
      `${name}-users`,
      { clusterArn: cluster.arn, secretArnLists: args.userSecretArns },
      this.child(),
    );
    this.arn = cluster.arn;
    this.bootstrapBrokers = cluster.bootstrapBrokersSaslScram;
    this.administrationBrokers = cluster.bootstrapBrokersSaslIam;
    this.registerOutputs({});
  }
}
