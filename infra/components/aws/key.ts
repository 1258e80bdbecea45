import * as kms from '@pulumi/aws/kms';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { type Account, type Condition, ofAccount, policyDocument, type Statement } from './policy';

/** What a key is used for; its policy names exactly these. */
export interface KeyUse {
  /** Services that use it on behalf of a caller of this account, such as `rds`. */
  services?: string[];
  /** Services that use it in their own name, such as `cloudtrail.amazonaws.com`, and what else must be true. */
  principals?: { service: string; conditions?: Condition }[];
  /** Names of roles that use it themselves. They must exist before the key does. */
  roles?: string[];
}

export interface KeyArgs extends KeyUse {
  account: Account;
  description: string;
  /** Only for services that want their keys where they are, such as CloudFront's in us-east-1. */
  region?: string;
}

const cryptography = [
  'kms:Encrypt',
  'kms:Decrypt',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:DescribeKey',
];

/** Everything that manages a key, nothing that reads what it protects. */
const administration = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListAliases',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:ListRetirableGrants',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
];

/** In a key's own policy `*` is this key: a key policy cannot name another. */
const resources = ['*'];

export function keyStatements(account: Account, use: KeyUse): Statement[] {
  const { accountId, region } = account;
  const root = { AWS: [`arn:aws:iam::${accountId}:root`] };
  const via = (use.services ?? []).map((service) => `${service}.${region}.amazonaws.com`);
  const viaServices: Condition = {
    StringEquals: { 'kms:CallerAccount': accountId, 'kms:ViaService': via },
  };
  const roles = (use.roles ?? []).map((role) => `arn:aws:iam::${accountId}:role/${role}`);
  return [
    { sid: 'Administration', principals: root, actions: administration, resources },
    ...(via.length > 0
      ? [
          {
            sid: 'UseThroughServices',
            principals: root,
            actions: [...cryptography, 'kms:CreateGrant'],
            resources,
            conditions: viaServices,
          },
        ]
      : []),
    ...(use.principals ?? []).map(({ service, conditions }, index) => ({
      sid: `UseByService${index}`,
      principals: { Service: [service] },
      actions: cryptography,
      resources,
      conditions: conditions ?? ofAccount(account),
    })),
    ...(roles.length > 0
      ? [
          { sid: 'UseByRoles', principals: { AWS: roles }, actions: cryptography, resources },
          {
            sid: 'GrantsOfRoles',
            principals: { AWS: roles },
            actions: ['kms:CreateGrant'],
            resources,
            conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
          },
        ]
      : []),
  ];
}

/** A customer's key (AES-256) that turns itself every year and takes thirty days to die. */
export class Key extends Component {
  readonly arn: Output<string>;

  constructor(name: string, args: KeyArgs, options?: ComponentResourceOptions) {
    super('aws:Key', name, options);
    const { region } = args;
    const key = new kms.Key(
      name,
      {
        description: args.description,
        enableKeyRotation: true,
        rotationPeriodInDays: 365,
        deletionWindowInDays: 30,
        policy: policyDocument(keyStatements(args.account, args)),
        ...(region && { region }),
      },
      // Without the key nothing it encrypted can be read again.
      this.child({ protect: true }),
    );
    this.arn = key.arn;
    new kms.Alias(
      `${name}-alias`,
      {
        name: `alias/${args.account.prefix}/${name}`,
        targetKeyId: key.keyId,
        ...(region && { region }),
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
