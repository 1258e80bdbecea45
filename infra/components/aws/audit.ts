import * as cfg from '@pulumi/aws/cfg';
import * as cloudtrail from '@pulumi/aws/cloudtrail';
import type { ComponentResourceOptions, Input } from '@pulumi/pulumi';
import { Component } from '../component';
import { Bucket } from './bucket';
import { type Account, ofAccount, type Statement, trustOfService } from './policy';
import { Role } from './role';

export interface AuditBucketArgs {
  account: Account;
  keyArn: Input<string>;
  /** Days nobody can delete what was written. */
  lockDays: number;
  /** Days it is kept. */
  keepDays: number;
}

/** AWS services that write to the audit bucket, each below a prefix of its own. */
const writers = (account: Account) =>
  [
    ['cloudtrail.amazonaws.com', 'trail'],
    ['config.amazonaws.com', 'config'],
    ['delivery.logs.amazonaws.com', 'flow-logs'],
  ].map(([service = '', prefix = '']) => ({ service, prefix, conditions: ofAccount(account) }));

export const auditStatements =
  (account: Account) =>
  (bucketArn: string): Statement[] =>
    writers(account).flatMap(({ service, prefix, conditions }) => [
      {
        sid: `Look${prefix.replace('-', '')}`,
        principals: { Service: [service] },
        actions: ['s3:GetBucketAcl', 's3:ListBucket'],
        resources: [bucketArn],
        conditions,
      },
      {
        sid: `Write${prefix.replace('-', '')}`,
        principals: { Service: [service] },
        actions: ['s3:PutObject'],
        resources: [`${bucketArn}/${prefix}/*`],
        conditions,
      },
    ]);

/** Who did what and what was when, where even an administrator cannot change it. */
export const auditBucket = (name: string, args: AuditBucketArgs, options: ComponentResourceOptions): Bucket =>
  new Bucket(
    name,
    {
      account: args.account,
      purpose: 'audit',
      keyArn: args.keyArn,
      coldAfterDays: 90,
      expireAfterDays: args.keepDays,
      keepVersionsDays: 30,
      lockDays: args.lockDays,
      statements: auditStatements(args.account),
    },
    options,
  );

export interface AuditArgs {
  account: Account;
  bucket: Bucket;
  keyArn: Input<string>;
}

/** CloudTrail writes down every call, Config every state. */
export class Audit extends Component {
  constructor(name: string, args: AuditArgs, options?: ComponentResourceOptions) {
    super('aws:Audit', name, options);
    const { account, bucket, keyArn } = args;
    new cloudtrail.Trail(
      `${name}-trail`,
      {
        name: account.prefix,
        s3BucketName: bucket.bucketName,
        s3KeyPrefix: 'trail',
        kmsKeyId: keyArn,
        isMultiRegionTrail: true,
        includeGlobalServiceEvents: true,
        enableLogFileValidation: true,
        enableLogging: true,
      },
      this.child({ dependsOn: bucket.policy }),
    );
    const role = new Role(
      `${name}-config`,
      {
        roleName: `${account.prefix}-config`,
        description: 'Reads the configuration of every resource',
        trust: trustOfService(account, 'config.amazonaws.com'),
        statements: [
          {
            sid: 'Write',
            actions: ['s3:PutObject'],
            resources: [`${bucket.arn}/config/*`],
          },
          { sid: 'Look', actions: ['s3:GetBucketAcl'], resources: [bucket.arn] },
          { sid: 'Encrypt', actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [keyArn] },
        ],
        managed: ['service-role/AWS_ConfigRole'],
      },
      this.child(),
    );
    const recorder = new cfg.Recorder(
      `${name}-config`,
      {
        name: account.prefix,
        roleArn: role.arn,
        recordingGroup: { allSupported: true, includeGlobalResourceTypes: true },
      },
      this.child(),
    );
    const channel = new cfg.DeliveryChannel(
      `${name}-config`,
      {
        name: account.prefix,
        s3BucketName: bucket.bucketName,
        s3KeyPrefix: 'config',
        s3KmsKeyArn: keyArn,
        snapshotDeliveryProperties: { deliveryFrequency: 'TwentyFour_Hours' },
      },
      this.child({ dependsOn: [recorder, bucket.policy] }),
    );
    new cfg.RecorderStatus(
      `${name}-config`,
      { name: recorder.name, isEnabled: true },
      this.child({ dependsOn: channel }),
    );
    this.registerOutputs({});
  }
}
