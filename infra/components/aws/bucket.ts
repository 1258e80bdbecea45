import * as s3 from '@pulumi/aws/s3';
import type { ComponentResourceOptions, Input } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertNameFits } from '../names';
import { type Account, policyDocument, type Statement } from './policy';

export interface BucketArgs {
  account: Account;
  /** Last part of its name. */
  purpose: string;
  /** Customer's key. Unset: S3's own (AES-256), for the few writers that cannot use another. */
  keyArn?: Input<string>;
  /** Days until objects move to cheaper storage that is slower to read. Unset: never. */
  coldAfterDays?: number;
  /** Days until objects go. Unset: never. */
  expireAfterDays?: number;
  /** Days an overwritten or deleted version can still be had. */
  keepVersionsDays: number;
  /** Nobody can delete a version before these days are over, whatever rights they have. Unset: no lock. */
  lockDays?: number;
  /** Who else may do what; resources are filled in. */
  statements?: (bucketArn: string) => Statement[];
}

/** Names of buckets are shared by the whole world, so the account is part of them. */
export const bucketName = ({ prefix, accountId }: Account, purpose: string) =>
  assertNameFits(`${prefix}-${purpose}-${accountId}`);

export const bucketArn = (account: Account, purpose: string) =>
  `arn:aws:s3:::${bucketName(account, purpose)}`;

/** Nobody speaks to the bucket without TLS, or with an old one. */
export const tlsOnly = (arn: string): Statement[] => [
  {
    sid: 'DenyPlaintext',
    effect: 'Deny',
    principals: '*',
    actions: ['s3:*'],
    resources: [arn, `${arn}/*`],
    conditions: { Bool: { 'aws:SecureTransport': 'false' } },
  },
  {
    sid: 'DenyOldTls',
    effect: 'Deny',
    principals: '*',
    actions: ['s3:*'],
    resources: [arn, `${arn}/*`],
    conditions: { NumericLessThan: { 's3:TlsVersion': '1.2' } },
  },
];

/** A private, encrypted, versioned bucket. */
export class Bucket extends Component {
  readonly arn: string;
  readonly bucketName: Input<string>;
  /** What must be there before anybody writes. */
  readonly policy: s3.BucketPolicy;

  constructor(name: string, args: BucketArgs, options?: ComponentResourceOptions) {
    super('aws:Bucket', name, options);
    this.arn = bucketArn(args.account, args.purpose);
    const bucket = new s3.Bucket(
      name,
      {
        bucket: bucketName(args.account, args.purpose),
        ...(args.lockDays && { objectLockEnabled: true }),
      },
      this.child({ protect: true }),
    );
    this.bucketName = bucket.bucket;
    this.protection(name, bucket, args);
    new s3.BucketLifecycleConfiguration(
      `${name}-lifecycle`,
      { bucket: bucket.id, rules: lifecycleRules(args) },
      this.child(),
    );
    this.policy = new s3.BucketPolicy(
      `${name}-policy`,
      {
        bucket: bucket.id,
        policy: policyDocument([...tlsOnly(this.arn), ...(args.statements?.(this.arn) ?? [])]),
      },
      this.child(),
    );
    this.registerOutputs({});
  }

  private protection(name: string, bucket: s3.Bucket, { keyArn, lockDays }: BucketArgs): void {
    new s3.BucketPublicAccessBlock(
      `${name}-private`,
      {
        bucket: bucket.id,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      this.child(),
    );
    new s3.BucketOwnershipControls(
      `${name}-ownership`,
      { bucket: bucket.id, rule: { objectOwnership: 'BucketOwnerEnforced' } },
      this.child(),
    );
    new s3.BucketVersioning(
      `${name}-versions`,
      { bucket: bucket.id, versioningConfiguration: { status: 'Enabled' } },
      this.child(),
    );
    new s3.BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      {
        bucket: bucket.id,
        rules: [
          {
            applyServerSideEncryptionByDefault: keyArn
              ? { sseAlgorithm: 'aws:kms', kmsMasterKeyId: keyArn }
              : { sseAlgorithm: 'AES256' },
            bucketKeyEnabled: keyArn !== undefined,
          },
        ],
      },
      this.child(),
    );
    if (!lockDays) return;
    new s3.BucketObjectLockConfiguration(
      `${name}-lock`,
      { bucket: bucket.id, rule: { defaultRetention: { mode: 'COMPLIANCE', days: lockDays } } },
      this.child(),
    );
  }
}

export const lifecycleRules = (
  args: Pick<BucketArgs, 'coldAfterDays' | 'expireAfterDays' | 'keepVersionsDays'>,
) => [
  {
    id: 'age',
    status: 'Enabled',
    filter: { prefix: '' },
    ...(args.coldAfterDays && {
      transitions: [{ days: args.coldAfterDays, storageClass: 'GLACIER_IR' }],
    }),
    ...(args.expireAfterDays && { expiration: { days: args.expireAfterDays } }),
    noncurrentVersionExpiration: { noncurrentDays: args.keepVersionsDays },
    abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
  },
];
