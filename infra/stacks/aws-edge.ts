import type { ComponentResourceOptions } from '@pulumi/pulumi';
import type { AwsSettings } from '../aws-settings';
import { Assets } from '../components/aws/assets';
import { Bucket } from '../components/aws/bucket';
import { Certificate } from '../components/aws/certificate';
import type { Cluster } from '../components/aws/cluster';
import { Firewall } from '../components/aws/firewall';
import { LoadBalancer } from '../components/aws/load-balancer';
import type { Network } from '../components/aws/network';
import type { Account, Statement } from '../components/aws/policy';
import { Component } from '../components/component';
import { globalRegion, type Keys } from './aws-keys';

export interface AwsEdgeArgs {
  account: Account;
  settings: AwsSettings;
  /** Names the shop answers to. */
  hosts: string[];
  /** Where the gateway behind the load balancer says that it is well. */
  healthPath: string;
  network: Network;
  securityGroupId: SecurityGroupId;
  cluster: Cluster;
  keys: Keys;
}

type SecurityGroupId = ConstructorParameters<typeof LoadBalancer>[1]['securityGroupId'];

/** Only the load balancers of this account write their logs. */
const writtenByBalancer =
  ({ accountId, region }: Account) =>
  (bucketArn: string): Statement[] => [
    {
      sid: 'WriteAccessLog',
      principals: { Service: ['logdelivery.elasticloadbalancing.amazonaws.com'] },
      actions: ['s3:PutObject'],
      resources: [`${bucketArn}/load-balancer/AWSLogs/${accountId}/*`],
      conditions: {
        ArnLike: {
          'aws:SourceArn': `arn:aws:elasticloadbalancing:${region}:${accountId}:loadbalancer/*`,
        },
      },
    },
  ];

/** Where customers come in: names, certificates, firewalls, the load balancer, and static files near them. */
export class AwsEdge extends Component {
  constructor(name: string, args: AwsEdgeArgs, options: ComponentResourceOptions) {
    super('AwsEdge', name, options);
    const { account, settings, hosts, network, cluster, keys } = args;
    const { zoneId, assetsHost, shieldAdvanced, requestsPerFiveMinutes } = settings.edge;
    const logDays = settings.logs.days;
    const logs = new Bucket(
      'access-log',
      {
        account,
        purpose: 'access-log',
        // Load balancers write with S3's own key only. The log holds addresses and paths, no bodies, no tokens.
        keepVersionsDays: 7,
        expireAfterDays: logDays,
        statements: writtenByBalancer(account),
      },
      this.child(),
    );
    const certificate = new Certificate('shop', { hosts, zoneId }, this.child());
    const firewall = new Firewall(
      'shop',
      { account, scope: 'REGIONAL', requestsPerFiveMinutes, logKeyArn: keys.logs.arn, logDays },
      this.child(),
    );
    new LoadBalancer(
      'shop',
      {
        account,
        vpcId: network.vpcId,
        subnetIds: network.subnetIds.public,
        securityGroupId: args.securityGroupId,
        certificateArn: certificate.arn,
        firewallArn: firewall.arn,
        shieldAdvanced,
        logBucket: logs.bucketName,
        gateway: {
          port: settings.edge.nodePort,
          healthPort: settings.edge.healthNodePort,
          healthPath: args.healthPath,
        },
        nodeGroup: cluster.nodeGroup,
        hosts,
        zoneId,
      },
      this.child({ dependsOn: logs.policy }),
    );
    this.assets({ ...args, assetsHost, zoneId });
    this.registerOutputs({});
  }

  private assets({
    account,
    settings,
    keys,
    assetsHost,
    zoneId,
  }: AwsEdgeArgs & { assetsHost: string; zoneId: string }): void {
    const region = globalRegion;
    const certificate = new Certificate('assets', { hosts: [assetsHost], zoneId, region }, this.child());
    const firewall = new Firewall(
      'assets',
      {
        account,
        scope: 'CLOUDFRONT',
        requestsPerFiveMinutes: settings.edge.requestsPerFiveMinutes,
        logKeyArn: keys['edge-logs'].arn,
        logDays: settings.logs.days,
        region,
      },
      this.child(),
    );
    new Assets(
      'assets',
      {
        account,
        host: assetsHost,
        zoneId,
        certificateArn: certificate.arn,
        firewallArn: firewall.arn,
        keyArn: keys.assets.arn,
        shieldAdvanced: settings.edge.shieldAdvanced,
      },
      this.child(),
    );
  }
}
