import * as rds from '@pulumi/aws/rds';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertInRange, assertNameFits } from '../names';
import { countsFromStart, postgresSettings } from '../postgres-settings';
import { type Account, trustOfService } from './policy';
import { Role } from './role';

export interface DatabaseArgs {
  account: Account;
  /** Exact version, such as `17.6`. */
  engineVersion: string;
  /** User that makes databases and roles. */
  administrator: string;
  instanceClass: string;
  /** At birth and at most; it grows by itself in between. Gibibytes. */
  storageGibibytes: number;
  maxStorageGibibytes: number;
  /** Connections over all services; the rest of the memory is for caching. */
  maxConnections: number;
  /** Days a point in time can be restored to. */
  backupDays: number;
  /** A second instance in another zone that takes over when the first fails. */
  multiAz: boolean;
  /** A copy for reading. */
  replica: boolean;
  /** Isolated subnets, one per zone. */
  subnetIds: Input<string>[];
  securityGroupId: Input<string>;
  keyArn: Input<string>;
}

/** UTC, when the shop is quietest: backups first, then maintenance. */
const backupWindow = '02:00-03:00';
const maintenanceWindow = 'sun:03:30-sun:04:30';

type Parameter = { name: string; value: string; applyMethod: 'immediate' | 'pending-reboot' };

const now = (name: string, value: string | number): Parameter => ({
  name,
  value: String(value),
  applyMethod: 'immediate',
});
const atRestart = (name: string, value: string | number): Parameter => ({
  name,
  value: String(value),
  applyMethod: 'pending-reboot',
});

/** Settings of the server, by what they are for. */
export const databaseParameters = (args: Pick<DatabaseArgs, 'maxConnections'>): Parameter[] => [
  // Access: TLS or nothing, and passwords that are never sent.
  now('rds.force_ssl', 1),
  now('ssl_min_protocol_version', 'TLSv1.2'),
  now('password_encryption', 'scram-sha-256'),
  now('rds.accepted_password_auth_method', 'scram'),
  ...Object.entries(postgresSettings).map(([name, value]) =>
    (countsFromStart.has(name) ? atRestart : now)(name, value),
  ),
  // PostgreSQL 16 has learnt to write values of parameters into plans as well: personal data.
  now('auto_explain.log_parameter_max_length', 0),
  now('log_connections', 1),
  now('log_disconnections', 1),
  // Over all services.
  atRestart('max_connections', args.maxConnections),
];

const major = (version: string) => version.split('.')[0];

/** PostgreSQL on RDS, with a standby in another zone and a copy for reading. */
export class ManagedDatabase extends Component {
  readonly arn: Output<string>;
  /** Host name; its certificate is for this name and no other. */
  readonly host: Output<string>;
  /** Where reads may go that can be a moment old; the database itself where there is no copy. */
  readonly replicaHost: Output<string>;
  /** Secrets Manager entry with `username` and `password` of the administrator. RDS makes it and changes the password every week. */
  readonly masterSecretArn: Output<string>;

  constructor(name: string, args: DatabaseArgs, options?: ComponentResourceOptions) {
    super('aws:Database', name, options);
    assertInRange('aws.database.backupDays', args.backupDays, { min: 7, max: 35 });
    const { account } = args;
    const subnetGroup = new rds.SubnetGroup(
      `${name}-subnets`,
      { name: account.prefix, subnetIds: args.subnetIds, description: 'Isolated subnets' },
      this.child(),
    );
    const parameters = new rds.ParameterGroup(
      `${name}-parameters`,
      {
        name: `${account.prefix}-postgres${major(args.engineVersion)}`,
        family: `postgres${major(args.engineVersion)}`,
        description: 'TLS, statistics, vacuum and time-outs',
        parameters: databaseParameters(args),
      },
      this.child(),
    );
    const monitoring = this.monitoring(name, account);
    const primary = new rds.Instance(
      name,
      {
        ...instanceSpec(args, parameters.name, monitoring.arn),
        identifier: assertNameFits(account.prefix),
        engine: 'postgres',
        engineVersion: args.engineVersion,
        allocatedStorage: args.storageGibibytes,
        dbSubnetGroupName: subnetGroup.name,
        username: args.administrator,
        manageMasterUserPassword: true,
        masterUserSecretKmsKeyId: args.keyArn,
        multiAz: args.multiAz,
        backupRetentionPeriod: args.backupDays,
        backupWindow,
        deleteAutomatedBackups: false,
        skipFinalSnapshot: false,
        finalSnapshotIdentifier: `${account.prefix}-final`,
      },
      this.child({ dependsOn: monitoring, protect: true }),
    );
    this.arn = primary.arn;
    this.host = primary.address;
    this.masterSecretArn = primary.masterUserSecrets.apply((secrets) => secrets[0]?.secretArn ?? '');
    this.replicaHost = args.replica
      ? this.replica(name, args, primary, parameters.name, monitoring.arn).address
      : primary.address;
    this.registerOutputs({});
  }

  private replica(
    name: string,
    args: DatabaseArgs,
    primary: rds.Instance,
    parameterGroupName: Input<string>,
    monitoringRoleArn: Input<string>,
  ): rds.Instance {
    return new rds.Instance(
      `${name}-replica`,
      {
        ...instanceSpec(args, parameterGroupName, monitoringRoleArn),
        identifier: assertNameFits(`${args.account.prefix}-replica`),
        replicateSourceDb: primary.identifier,
        multiAz: false,
        // A copy of what is backed up; kept short, so that it can be promoted and has a past.
        backupRetentionPeriod: 7,
        skipFinalSnapshot: true,
      },
      this.child(),
    );
  }

  private monitoring(name: string, account: Account): Role {
    return new Role(
      `${name}-monitoring`,
      {
        roleName: `${account.prefix}-database-monitoring`,
        description: 'Sends figures of the operating system to CloudWatch',
        trust: trustOfService(account, 'monitoring.rds.amazonaws.com'),
        statements: [],
        managed: ['service-role/AmazonRDSEnhancedMonitoringRole'],
      },
      this.child(),
    );
  }
}

/** What the database and its copy have in common. */
const instanceSpec = (
  args: DatabaseArgs,
  parameterGroupName: Input<string>,
  monitoringRoleArn: Input<string>,
) => ({
  instanceClass: args.instanceClass,
  parameterGroupName,
  storageType: 'gp3',
  maxAllocatedStorage: args.maxStorageGibibytes,
  storageEncrypted: true,
  kmsKeyId: args.keyArn,
  vpcSecurityGroupIds: [args.securityGroupId],
  publiclyAccessible: false,
  caCertIdentifier: 'rds-ca-rsa2048-g1',
  iamDatabaseAuthenticationEnabled: true,
  performanceInsightsEnabled: true,
  performanceInsightsKmsKeyId: args.keyArn,
  performanceInsightsRetentionPeriod: 7,
  enabledCloudwatchLogsExports: ['postgresql', 'upgrade'],
  monitoringInterval: 60,
  monitoringRoleArn,
  maintenanceWindow,
  autoMinorVersionUpgrade: true,
  allowMajorVersionUpgrade: false,
  applyImmediately: false,
  copyTagsToSnapshot: true,
  deletionProtection: true,
});
