import * as cloudfront from '@pulumi/aws/cloudfront';
import * as route53 from '@pulumi/aws/route53';
import * as shield from '@pulumi/aws/shield';
import { type ComponentResourceOptions, type Input, type Output, output } from '@pulumi/pulumi';
import { Component } from '../component';
import { Bucket } from './bucket';
import type { Account, Condition, Statement } from './policy';

export interface AssetsArgs {
  account: Account;
  /** Name the assets are served under. */
  host: string;
  zoneId: string;
  /** Certificate in us-east-1. */
  certificateArn: Input<string>;
  /** Firewall of scope CLOUDFRONT. */
  firewallArn: Input<string>;
  /** Key of the bucket; its policy lets CloudFront read. */
  keyArn: Input<string>;
  shieldAdvanced: boolean;
}

/** AWS's own policies, the same in every account: cached by path alone and compressed; headers that browsers protect themselves with. */
const cachingOptimized = '658327ea-f89d-4fab-a63d-7e88639e58f6';
const securityHeaders = '67f7725c-6f97-4210-82d7-5512b31e9d03';

/** CloudFront on behalf of this account's distributions. */
export const ofDistributions = ({ accountId }: Pick<Account, 'accountId'>): Condition => ({
  ArnLike: { 'aws:SourceArn': `arn:aws:cloudfront::${accountId}:distribution/*` },
});

/** Only this account's distributions read the bucket. */
const readByCloudFront =
  (account: Account) =>
  (bucketArn: string): Statement[] => [
    {
      sid: 'ReadByCloudFront',
      principals: { Service: ['cloudfront.amazonaws.com'] },
      actions: ['s3:GetObject'],
      resources: [`${bucketArn}/*`],
      conditions: ofDistributions(account),
    },
  ];

/** Static files near the customers: a private bucket that only CloudFront reads. */
export class Assets extends Component {
  readonly url: string;

  constructor(name: string, args: AssetsArgs, options?: ComponentResourceOptions) {
    super('aws:Assets', name, options);
    const { account, host } = args;
    this.url = `https://${host}`;
    const bucket = new Bucket(
      name,
      {
        account,
        purpose: 'assets',
        keyArn: args.keyArn,
        keepVersionsDays: 30,
        statements: readByCloudFront(account),
      },
      this.child(),
    );
    const distribution = this.distribution(name, args, bucket.bucketName);
    new route53.Record(
      `${name}-${host}`,
      {
        zoneId: args.zoneId,
        name: host,
        type: 'A',
        aliases: [
          {
            name: distribution.domainName,
            zoneId: distribution.hostedZoneId,
            evaluateTargetHealth: false,
          },
        ],
      },
      this.child(),
    );
    if (args.shieldAdvanced) {
      new shield.Protection(
        `${name}-shield`,
        { name: `${account.prefix}-assets`, resourceArn: distribution.arn },
        this.child(),
      );
    }
    this.registerOutputs({});
  }

  private distribution(name: string, args: AssetsArgs, bucket: Input<string>): cloudfront.Distribution {
    const { account, host } = args;
    const access = new cloudfront.OriginAccessControl(
      `${name}-access`,
      {
        name: `${account.prefix}-assets`,
        originAccessControlOriginType: 's3',
        signingBehavior: 'always',
        signingProtocol: 'sigv4',
      },
      this.child(),
    );
    return new cloudfront.Distribution(
      name,
      {
        comment: `Assets of ${account.prefix}`,
        enabled: true,
        isIpv6Enabled: true,
        httpVersion: 'http2and3',
        aliases: [host],
        webAclId: args.firewallArn,
        origins: [
          {
            originId: 'bucket',
            domainName: originOf(bucket, account.region),
            originAccessControlId: access.id,
          },
        ],
        defaultCacheBehavior: {
          targetOriginId: 'bucket',
          viewerProtocolPolicy: 'redirect-to-https',
          allowedMethods: ['GET', 'HEAD'],
          cachedMethods: ['GET', 'HEAD'],
          compress: true,
          cachePolicyId: cachingOptimized,
          responseHeadersPolicyId: securityHeaders,
        },
        restrictions: { geoRestriction: { restrictionType: 'none' } },
        viewerCertificate: {
          acmCertificateArn: args.certificateArn,
          sslSupportMethod: 'sni-only',
          minimumProtocolVersion: 'TLSv1.3_2025',
        },
      },
      this.child(),
    );
  }
}

const originOf = (bucket: Input<string>, region: string): Output<string> =>
  output(bucket).apply((bucketName) => `${bucketName}.s3.${region}.amazonaws.com`);
