import * as autoscaling from '@pulumi/aws/autoscaling';
import * as lb from '@pulumi/aws/lb';
import * as route53 from '@pulumi/aws/route53';
import * as shield from '@pulumi/aws/shield';
import * as wafv2 from '@pulumi/aws/wafv2';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertNameFits } from '../names';
import type { Account } from './policy';

export interface LoadBalancerArgs {
  account: Account;
  vpcId: Input<string>;
  /** Public subnets, one per zone. */
  subnetIds: Input<string>[];
  securityGroupId: Input<string>;
  certificateArn: Input<string>;
  firewallArn: Input<string>;
  /** Shield Advanced, which is paid by the year. Shield Standard protects without it. */
  shieldAdvanced: boolean;
  /** Bucket of the access log. */
  logBucket: Input<string>;
  /** Where the gateway listens on every node, and where it says that it is well. */
  gateway: { port: number; healthPort: number; healthPath: string };
  /** Auto-scaling group of the nodes. */
  nodeGroup: Input<string>;
  hosts: string[];
  zoneId: string;
}

/** TLS 1.3 and nothing older. */
export const tlsPolicy = 'ELBSecurityPolicy-TLS13-1-3-2021-06';

/** The only way in: TLS ends here with 1.3, behind the firewall, and goes on encrypted to the gateway of the cluster. */
export class LoadBalancer extends Component {
  readonly arn: Output<string>;

  constructor(name: string, args: LoadBalancerArgs, options?: ComponentResourceOptions) {
    super('aws:LoadBalancer', name, options);
    const { account } = args;
    const balancer = new lb.LoadBalancer(
      name,
      {
        name: assertNameFits(account.prefix, 32),
        loadBalancerType: 'application',
        internal: false,
        subnets: args.subnetIds,
        securityGroups: [args.securityGroupId],
        dropInvalidHeaderFields: true,
        desyncMitigationMode: 'strictest',
        enableDeletionProtection: true,
        accessLogs: { enabled: true, bucket: args.logBucket, prefix: 'load-balancer' },
      },
      this.child(),
    );
    this.arn = balancer.arn;
    const firewall = new wafv2.WebAclAssociation(
      `${name}-firewall`,
      { resourceArn: balancer.arn, webAclArn: args.firewallArn },
      this.child(),
    );
    const targets = this.targets(name, args);
    // Port 80 is not open: browsers that were here once know better (HSTS), and a redirect would first have read the request.
    new lb.Listener(
      `${name}-https`,
      {
        loadBalancerArn: balancer.arn,
        port: 443,
        protocol: 'HTTPS',
        sslPolicy: tlsPolicy,
        certificateArn: args.certificateArn,
        defaultActions: [{ type: 'forward', targetGroupArn: targets.arn }],
        routingHttpResponseServerEnabled: false,
        routingHttpResponseStrictTransportSecurityHeaderValue: 'max-age=31536000; includeSubDomains',
      },
      // Nobody comes in before the firewall stands.
      this.child({ dependsOn: firewall }),
    );
    if (args.shieldAdvanced) {
      new shield.Protection(
        `${name}-shield`,
        { name: account.prefix, resourceArn: balancer.arn },
        this.child(),
      );
    }
    for (const host of args.hosts) {
      new route53.Record(
        `${name}-${host}`,
        {
          zoneId: args.zoneId,
          name: host,
          type: 'A',
          aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: true }],
        },
        this.child(),
      );
    }
    this.registerOutputs({});
  }

  private targets(name: string, args: LoadBalancerArgs): lb.TargetGroup {
    const { port, healthPort, healthPath } = args.gateway;
    const targets = new lb.TargetGroup(
      `${name}-targets`,
      {
        name: assertNameFits(args.account.prefix, 32),
        vpcId: args.vpcId,
        targetType: 'instance',
        protocol: 'HTTPS',
        port,
        deregistrationDelay: 60,
        loadBalancingAlgorithmType: 'least_outstanding_requests',
        healthCheck: {
          protocol: 'HTTP',
          port: String(healthPort),
          path: healthPath,
          matcher: '200',
          interval: 10,
          timeout: 5,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
      },
      this.child(),
    );
    new autoscaling.Attachment(
      `${name}-nodes`,
      { autoscalingGroupName: args.nodeGroup, lbTargetGroupArn: targets.arn },
      this.child(),
    );
    return targets;
  }
}
