import * as ec2 from '@pulumi/aws/ec2';
import * as vpc from '@pulumi/aws/vpc';
import type { ComponentResourceOptions, Input, Output } from '@pulumi/pulumi';
import { Component } from '../component';
import { assertNameFits } from '../names';
import type { Account } from './policy';

/** Who may open connections to whom. Both ends get a rule, so that neither lets through more than the other. */
export interface Opening<Group extends string> {
  from: Group | 'internet';
  to: Group | 'internet';
  /** TCP port, or every port and protocol between members of one group. */
  port: number | 'all';
  /** For whoever audits the rules. */
  because: string;
}

export interface SecurityGroupsArgs<Group extends string> {
  account: Account;
  vpcId: Input<string>;
  /** Group → what is in it. */
  groups: Record<Group, string>;
  openings: Opening<Group>[];
  /** Gateway endpoints (S3) are no group: they are reached by a list of prefixes. */
  prefixLists?: { from: Group; id: Input<string>; because: string }[];
}

const anywhere = '0.0.0.0/0';

/** @throws RangeError for an opening to or from the internet on anything but 443, or one that names all ports of another group */
export function checkOpenings<Group extends string>(openings: Opening<Group>[]): void {
  for (const { from, to, port, because } of openings) {
    const what = `${from} → ${to}:${port} (${because})`;
    if ((from === 'internet' || to === 'internet') && port !== 443) {
      throw new RangeError(`${what}: only port 443 may be open to or from the internet`);
    }
    if (port === 'all' && from !== to) throw new RangeError(`${what}: name the port`);
  }
}

/** Security groups from a table of who talks to whom. */
export class SecurityGroups<Group extends string> extends Component {
  readonly ids: Record<Group, Output<string>>;

  constructor(name: string, args: SecurityGroupsArgs<Group>, options?: ComponentResourceOptions) {
    super('aws:SecurityGroups', name, options);
    checkOpenings(args.openings);
    const entries = Object.entries<string>(args.groups).map(([group, description]) => {
      const made = new ec2.SecurityGroup(
        `${name}-${group}`,
        {
          name: assertNameFits(`${args.account.prefix}-${group}`, 255),
          description,
          vpcId: args.vpcId,
          revokeRulesOnDelete: true,
        },
        this.child(),
      );
      return [group, made.id] as const;
    });
    this.ids = Object.fromEntries(entries) as Record<Group, Output<string>>;
    for (const opening of args.openings) this.open(name, opening);
    for (const { from, id, because } of args.prefixLists ?? []) {
      new vpc.SecurityGroupEgressRule(
        `${name}-${from}-to-prefix-list`,
        { securityGroupId: this.ids[from], prefixListId: id, ...ports(443), description: because },
        this.child(),
      );
    }
    this.registerOutputs({});
  }

  private open(name: string, { from, to, port, because }: Opening<Group>): void {
    const rule = `${name}-${from}-to-${to}-${port}`;
    const common = { ...ports(port), description: because };
    const peer = (group: Group | 'internet') =>
      group === 'internet' ? { cidrIpv4: anywhere } : { referencedSecurityGroupId: this.ids[group] };
    if (to !== 'internet') {
      new vpc.SecurityGroupIngressRule(
        rule,
        { securityGroupId: this.ids[to], ...peer(from), ...common },
        this.child(),
      );
    }
    if (from !== 'internet') {
      new vpc.SecurityGroupEgressRule(
        rule,
        { securityGroupId: this.ids[from], ...peer(to), ...common },
        this.child(),
      );
    }
  }
}

const ports = (port: number | 'all') =>
  port === 'all' ? { ipProtocol: '-1' } : { ipProtocol: 'tcp', fromPort: port, toPort: port };
