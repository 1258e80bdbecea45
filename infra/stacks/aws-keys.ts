import type { CustomResourceOptions } from '@pulumi/pulumi';
import { ofDistributions } from '../components/aws/assets';
import { Key, type KeyUse } from '../components/aws/key';
import type { Account, Condition } from '../components/aws/policy';

/** CloudFront and what stands before it are in this region, wherever the rest is. */
export const globalRegion = 'us-east-1';

const logGroupsOf = ({ accountId }: Account, region: string): Condition => ({
  ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${region}:${accountId}:log-group:*` },
});

/** One key per kind of data, so that who may read one kind cannot read another. */
const keyUses = (account: Account) =>
  ({
    data: {
      description: 'Databases, caches and brokers',
      services: ['rds', 'elasticache', 'kafka', 'secretsmanager'],
    },
    volumes: {
      description: 'Disks of nodes and volumes of pods',
      services: ['ec2'],
      roles: ['aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling'],
    },
    cluster: { description: 'Secrets of Kubernetes', services: ['eks'] },
    secrets: { description: 'Secrets Manager', services: ['secretsmanager'] },
    backups: { description: 'Backups and dumps', services: ['backup', 's3', 'rds'] },
    audit: {
      description: 'Audit trail',
      services: ['s3'],
      principals: [{ service: 'cloudtrail.amazonaws.com' }, { service: 'delivery.logs.amazonaws.com' }],
    },
    assets: {
      description: 'Static files',
      services: ['s3'],
      principals: [{ service: 'cloudfront.amazonaws.com', conditions: ofDistributions(account) }],
    },
    findings: { description: 'Notices of findings', principals: [{ service: 'events.amazonaws.com' }] },
    logs: {
      description: 'Logs',
      principals: [
        {
          service: `logs.${account.region}.amazonaws.com`,
          conditions: logGroupsOf(account, account.region),
        },
      ],
    },
    'edge-logs': {
      description: 'Log of the firewall before CloudFront',
      region: globalRegion,
      principals: [
        { service: `logs.${globalRegion}.amazonaws.com`, conditions: logGroupsOf(account, globalRegion) },
      ],
    },
  }) satisfies Record<string, KeyUse & { description: string; region?: string }>;

export type Keys = Record<keyof ReturnType<typeof keyUses>, Key>;

export const awsKeys = (account: Account, options: CustomResourceOptions): Keys =>
  Object.fromEntries(
    Object.entries(keyUses(account)).map(([name, use]) => [
      name,
      new Key(`${name}-key`, { account, ...use }, options),
    ]),
  ) as Keys;
