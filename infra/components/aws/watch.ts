import * as accessanalyzer from '@pulumi/aws/accessanalyzer';
import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as ebs from '@pulumi/aws/ebs';
import * as guardduty from '@pulumi/aws/guardduty';
import * as inspector2 from '@pulumi/aws/inspector2';
import * as s3 from '@pulumi/aws/s3';
import * as securityhub from '@pulumi/aws/securityhub';
import * as sns from '@pulumi/aws/sns';
import type { ComponentResourceOptions, Input } from '@pulumi/pulumi';
import { Component } from '../component';
import { type Account, ofAccount, policyDocument } from './policy';

export interface WatchArgs {
  account: Account;
  keyArn: Input<string>;
  /** Who is told. */
  emails: string[];
}

/** What GuardDuty looks at beyond the calls, flows and DNS queries it always does. */
const guardDutyFeatures = [
  'S3_DATA_EVENTS',
  'EKS_AUDIT_LOGS',
  'EBS_MALWARE_PROTECTION',
  'RDS_LOGIN_EVENTS',
] as const;

/** Sets of checks that Security Hub runs all the time. */
const standards = {
  'best-practices': 'aws-foundational-security-best-practices/v/1.0.0',
  'pci-dss': 'pci-dss/v/4.0.1',
};

/** Finds attacks, weak spots and what should not be, in the whole account, and tells people. */
export class Watch extends Component {
  constructor(name: string, args: WatchArgs, options?: ComponentResourceOptions) {
    super('aws:Watch', name, options);
    const { accountId, prefix } = args.account;
    this.guard(name);
    new inspector2.Enabler(
      `${name}-inspector`,
      { accountIds: [accountId], resourceTypes: ['ECR', 'EC2', 'LAMBDA'] },
      this.child(),
    );
    new accessanalyzer.Analyzer(`${name}-access`, { analyzerName: prefix, type: 'ACCOUNT' }, this.child());
    this.hub(name, args.account);
    // Whatever anybody makes in this account later: never public, always encrypted.
    new s3.AccountPublicAccessBlock(
      `${name}-private-buckets`,
      { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      this.child(),
    );
    new ebs.EncryptionByDefault(`${name}-encrypted-volumes`, { enabled: true }, this.child());
    this.alarms(name, args);
    this.registerOutputs({});
  }

  private guard(name: string): void {
    const detector = new guardduty.Detector(
      `${name}-guardduty`,
      { enable: true, findingPublishingFrequency: 'FIFTEEN_MINUTES' },
      this.child(),
    );
    for (const feature of guardDutyFeatures) {
      new guardduty.DetectorFeature(
        `${name}-guardduty-${feature}`,
        { detectorId: detector.id, name: feature, status: 'ENABLED' },
        this.child(),
      );
    }
  }

  private hub(name: string, { region }: Account): void {
    const hub = new securityhub.Account(
      `${name}-hub`,
      { enableDefaultStandards: false, controlFindingGenerator: 'SECURITY_CONTROL' },
      this.child(),
    );
    for (const [standard, path] of Object.entries(standards)) {
      new securityhub.StandardsSubscription(
        `${name}-hub-${standard}`,
        { standardsArn: `arn:aws:securityhub:${region}::standards/${path}` },
        this.child({ dependsOn: hub }),
      );
    }
  }

  /** Findings of severity high and above, by mail. */
  private alarms(name: string, { account, keyArn, emails }: WatchArgs): void {
    const topicName = `${account.prefix}-findings`;
    const arn = `arn:aws:sns:${account.region}:${account.accountId}:${topicName}`;
    const topic = new sns.Topic(
      `${name}-findings`,
      {
        name: topicName,
        kmsMasterKeyId: keyArn,
        policy: policyDocument([
          {
            sid: 'PublishedByEvents',
            principals: { Service: ['events.amazonaws.com'] },
            actions: ['sns:Publish'],
            resources: [arn],
            conditions: ofAccount(account),
          },
        ]),
      },
      this.child(),
    );
    const rule = new cloudwatch.EventRule(
      `${name}-findings`,
      {
        name: topicName,
        description: 'Findings that somebody must look at',
        eventPattern: JSON.stringify({
          source: ['aws.securityhub'],
          'detail-type': ['Security Hub Findings - Imported'],
          detail: {
            findings: { Severity: { Label: ['HIGH', 'CRITICAL'] }, Workflow: { Status: ['NEW'] } },
          },
        }),
      },
      this.child(),
    );
    new cloudwatch.EventTarget(`${name}-findings`, { rule: rule.name, arn: topic.arn }, this.child());
    for (const email of emails) {
      new sns.TopicSubscription(
        `${name}-findings-${email}`,
        { topic: topic.arn, protocol: 'email', endpoint: email },
        this.child(),
      );
    }
  }
}
