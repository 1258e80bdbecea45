import type { types } from '@pulumi/aws';
import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as wafv2 from '@pulumi/aws/wafv2';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertInRange } from '../names';
import type { Account } from './policy';

export interface FirewallArgs {
  account: Account;
  /** `REGIONAL` for load balancers, `CLOUDFRONT` for distributions (those are made in us-east-1). */
  scope: 'REGIONAL' | 'CLOUDFRONT';
  /** Requests one address may send in five minutes. */
  requestsPerFiveMinutes: number;
  /** Key of the log, where the firewall is. */
  logKeyArn: Input<string>;
  logDays: number;
  region?: string;
}

type WebAclRule = types.input.wafv2.WebAclRule;

/** AWS's own lists, cheapest first. What a rule would refuse is refused, none only counts. */
export const managedGroups = [
  'AWSManagedRulesAmazonIpReputationList',
  'AWSManagedRulesCommonRuleSet',
  'AWSManagedRulesKnownBadInputsRuleSet',
  'AWSManagedRulesSQLiRuleSet',
] as const;

const visible = (metricName: string) => ({
  metricName,
  cloudwatchMetricsEnabled: true,
  // Samples hold whole requests, and those hold tokens and personal data.
  sampledRequestsEnabled: false,
});

export const firewallRules = (requestsPerFiveMinutes: number): WebAclRule[] => [
  {
    name: 'rate',
    priority: 0,
    action: { block: {} },
    statement: { rateBasedStatement: { limit: requestsPerFiveMinutes, aggregateKeyType: 'IP' } },
    visibilityConfig: visible('rate'),
  },
  ...managedGroups.map((name, index) => ({
    name,
    priority: index + 1,
    overrideAction: { none: {} },
    statement: { managedRuleGroupStatement: { vendorName: 'AWS', name } },
    visibilityConfig: visible(name),
  })),
];

/** Web application firewall with a log that leaves out tokens and cookies. */
export class Firewall extends Component {
  readonly arn: Output<string>;

  constructor(name: string, args: FirewallArgs, options?: ComponentResourceOptions) {
    super('aws:Firewall', name, options);
    assertInRange('aws.edge.requestsPerFiveMinutes', args.requestsPerFiveMinutes, {
      min: 10,
      max: 2_000_000_000,
    });
    const place = args.region === undefined ? {} : { region: args.region };
    const acl = new wafv2.WebAcl(
      name,
      {
        name: `${args.account.prefix}-${name}`,
        scope: args.scope,
        defaultAction: { allow: {} },
        rules: firewallRules(args.requestsPerFiveMinutes),
        visibilityConfig: visible(name),
        ...place,
      },
      this.child(),
    );
    this.arn = acl.arn;
    const logs = new cloudwatch.LogGroup(
      `${name}-logs`,
      {
        // WAF only writes to names that begin like this.
        name: `aws-waf-logs-${args.account.prefix}-${name}`,
        kmsKeyId: args.logKeyArn,
        retentionInDays: args.logDays,
        ...place,
      },
      this.child(),
    );
    new wafv2.WebAclLoggingConfiguration(
      `${name}-logging`,
      {
        resourceArn: acl.arn,
        logDestinationConfigs: [logs.arn],
        redactedFields: ['authorization', 'cookie'].map((header) => ({ singleHeader: { name: header } })),
        ...place,
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
