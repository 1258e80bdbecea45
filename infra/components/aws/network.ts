import * as ec2 from '@pulumi/aws/ec2';
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertNameFits } from '../names';
import { type Tiers, tiersOf } from './cidr';
import type { Account } from './policy';

export interface NetworkArgs {
  account: Account;
  cidr: string;
  /** Names of the zones, in order; adding one at the end moves no other. */
  zones: string[];
  /** A NAT gateway per zone. False: one for all, cheaper, and its zone takes the others' way out with it. */
  natPerZone: boolean;
  /** Bucket for the flow logs. */
  logBucketArn: string;
}

type Tier = keyof Tiers;

/** What Kubernetes' load balancer controllers look for. */
const tierTags = (tier: Tier): Record<string, string> => {
  if (tier === 'public') return { 'kubernetes.io/role/elb': '1' };
  return tier === 'private' ? { 'kubernetes.io/role/internal-elb': '1' } : {};
};

/** A VPC with three tiers over its zones. Nothing in it has a public address of its own but NAT and load balancer. */
export class Network extends Component {
  readonly vpcId: Output<string>;
  /** Subnet ids by tier, in the order of the zones. */
  readonly subnetIds: Record<Tier, Output<string>[]>;
  /** Route tables of the tiers that do not lead to the internet by themselves. */
  readonly innerRouteTableIds: Output<string>[];

  constructor(name: string, args: NetworkArgs, options?: ComponentResourceOptions) {
    super('aws:Network', name, options);
    const { zones, account } = args;
    const vpc = new ec2.Vpc(
      name,
      {
        cidrBlock: args.cidr,
        enableDnsSupport: true,
        enableDnsHostnames: true,
        tags: { Name: account.prefix },
      },
      this.child(),
    );
    this.vpcId = vpc.id;
    // What AWS makes by itself lets everybody in; taken over without a rule it lets nobody.
    new ec2.DefaultSecurityGroup(
      `${name}-default-group`,
      { vpcId: vpc.id, ingress: [], egress: [] },
      this.child(),
    );
    const tiers = tiersOf(args.cidr, zones.length);
    const subnets = (tier: Tier) =>
      zones.map((zone, index) => this.subnet(name, account, tier, zone, tiers[tier][index] ?? ''));
    const [open, inner, isolated] = [subnets('public'), subnets('private'), subnets('isolated')];
    const ids = (list: ec2.Subnet[]) => list.map(({ id }) => id);
    this.subnetIds = { public: ids(open), private: ids(inner), isolated: ids(isolated) };
    const gateways = this.nat(name, args, this.publicRoutes(name, open), open);
    const privateTables = zones.map((zone, index) => {
      const nat = gateways[index] ?? gateways[0];
      const table = this.table(`${name}-private-${zone}`, [inner[index]]);
      this.route(`${name}-private-${zone}`, table, { natGatewayId: nat?.id });
      return table;
    });
    // No route but the network itself: what has no way out can send nothing away.
    const closed = this.table(`${name}-isolated`, isolated);
    this.innerRouteTableIds = [...privateTables, closed].map(({ id }) => id);
    new ec2.FlowLog(
      `${name}-flow-log`,
      {
        vpcId: vpc.id,
        trafficType: 'ALL',
        logDestinationType: 's3',
        logDestination: `${args.logBucketArn}/flow-logs/`,
        maxAggregationInterval: 60,
      },
      this.child(),
    );
    this.registerOutputs({});
  }

  private subnet(name: string, account: Account, tier: Tier, zone: string, cidrBlock: string): ec2.Subnet {
    return new ec2.Subnet(
      `${name}-${tier}-${zone}`,
      {
        vpcId: this.vpcId,
        availabilityZone: zone,
        cidrBlock,
        mapPublicIpOnLaunch: false,
        tags: { Name: assertNameFits(`${account.prefix}-${tier}-${zone}`, 128), ...tierTags(tier) },
      },
      this.child(),
    );
  }

  private publicRoutes(name: string, subnets: ec2.Subnet[]): ec2.Route {
    const gateway = new ec2.InternetGateway(`${name}-gateway`, { vpcId: this.vpcId }, this.child());
    const table = this.table(`${name}-public`, subnets);
    return this.route(`${name}-public`, table, { gatewayId: gateway.id });
  }

  private nat(name: string, args: NetworkArgs, wayOut: ec2.Route, subnets: ec2.Subnet[]): ec2.NatGateway[] {
    return (args.natPerZone ? args.zones : args.zones.slice(0, 1)).map((zone, index) => {
      const address = new ec2.Eip(`${name}-nat-${zone}`, { domain: 'vpc' }, this.child());
      return new ec2.NatGateway(
        `${name}-nat-${zone}`,
        { subnetId: subnets[index]?.id, allocationId: address.allocationId },
        this.child({ dependsOn: wayOut }),
      );
    });
  }

  private table(name: string, subnets: (ec2.Subnet | undefined)[]): ec2.RouteTable {
    const table = new ec2.RouteTable(`${name}-routes`, { vpcId: this.vpcId }, this.child());
    for (const [index, subnet] of subnets.entries()) {
      new ec2.RouteTableAssociation(
        `${name}-routes-${index}`,
        { routeTableId: table.id, subnetId: subnet?.id },
        this.child(),
      );
    }
    return table;
  }

  private route(
    name: string,
    table: ec2.RouteTable,
    by: { gatewayId?: Output<string>; natGatewayId?: Output<string> },
  ): ec2.Route {
    return new ec2.Route(
      `${name}-way-out`,
      { routeTableId: table.id, destinationCidrBlock: '0.0.0.0/0', ...by },
      this.child(),
    );
  }
}
