import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as elasticache from '@pulumi/aws/elasticache';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertInRange, assertNameFits } from '../names';
import type { Account } from './policy';

export interface CacheArgs {
  account: Account;
  /** Valkey's version, such as `8.0`. */
  engineVersion: string;
  nodeType: string;
  /** The one that is written to and its copies, each in another zone. */
  nodes: number;
  subnetIds: Input<string>[];
  securityGroupId: Input<string>;
  keyArns: { data: Input<string>; logs: Input<string> };
  user: { name: string; passwords: Input<string>[] };
  logDays: number;
}

/** Keys and their values, nothing that changes the server or the accounts. */
const accessString = 'on ~* +@all -@admin -@dangerous +info';

/** Valkey (speaks Redis' protocol) on ElastiCache: TLS only, by user and password, encrypted, over several zones. */
export class ManagedCache extends Component {
  readonly host: Output<string>;

  constructor(name: string, args: CacheArgs, options?: ComponentResourceOptions) {
    super('aws:Cache', name, options);
    const { account } = args;
    assertInRange('aws.cache.nodes', args.nodes, { min: 2, max: 6 });
    const subnetGroup = new elasticache.SubnetGroup(
      `${name}-subnets`,
      { name: account.prefix, subnetIds: args.subnetIds, description: 'Isolated subnets' },
      this.child(),
    );
    const parameters = new elasticache.ParameterGroup(
      `${name}-parameters`,
      {
        name: `${account.prefix}-valkey${args.engineVersion.split('.')[0]}`,
        family: `valkey${args.engineVersion.split('.')[0]}`,
        description: 'A cache: the least used goes first',
        parameters: [{ name: 'maxmemory-policy', value: 'allkeys-lru' }],
      },
      this.child(),
    );
    const logs = new cloudwatch.LogGroup(
      `${name}-logs`,
      {
        name: `/${account.prefix}/cache`,
        kmsKeyId: args.keyArns.logs,
        retentionInDays: args.logDays,
      },
      this.child(),
    );
    const group = new elasticache.ReplicationGroup(
      name,
      {
        replicationGroupId: assertNameFits(account.prefix, 40),
        description: 'Cache of the platform',
        engine: 'valkey',
        engineVersion: args.engineVersion,
        nodeType: args.nodeType,
        numCacheClusters: args.nodes,
        automaticFailoverEnabled: true,
        multiAzEnabled: true,
        parameterGroupName: parameters.name,
        subnetGroupName: subnetGroup.name,
        securityGroupIds: [args.securityGroupId],
        userGroupIds: [this.users(name, args).userGroupId],
        transitEncryptionEnabled: true,
        transitEncryptionMode: 'required',
        atRestEncryptionEnabled: true,
        kmsKeyId: args.keyArns.data,
        // What is lost is read again from the database; a snapshot spares the rush after a loss of everything.
        snapshotRetentionLimit: 7,
        snapshotWindow: '02:00-03:00',
        maintenanceWindow: 'sun:03:30-sun:04:30',
        autoMinorVersionUpgrade: true,
        applyImmediately: false,
        logDeliveryConfigurations: ['slow-log', 'engine-log'].map((logType) => ({
          logType,
          logFormat: 'json',
          destinationType: 'cloudwatch-logs',
          destination: logs.name,
        })),
      },
      this.child(),
    );
    this.host = group.primaryEndpointAddress;
    this.registerOutputs({});
  }

  private users(name: string, { account, user }: CacheArgs): elasticache.UserGroup {
    const member = new elasticache.User(
      `${name}-user`,
      {
        userId: assertNameFits(`${account.prefix}-${user.name}`, 40),
        userName: user.name,
        engine: 'valkey',
        accessString,
        authenticationMode: { type: 'password', passwords: user.passwords },
      },
      this.child(),
    );
    return new elasticache.UserGroup(
      `${name}-users`,
      { userGroupId: assertNameFits(account.prefix, 40), engine: 'valkey', userIds: [member.userId] },
      this.child(),
    );
  }
}
