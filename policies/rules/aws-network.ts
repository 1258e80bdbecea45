// The edge and the network on AWS: who may knock, what they must speak, and what stands in front.
import { isAws, isEverywhere, names } from '../aws';
import type { Field } from '../fields';
import { listSetting, type Resource, type ResourceRule, type StackRule } from '../rule';
import { isOf } from '../workloads';

const isGroup = (resource: Resource) => isAws(resource, 'ec2/securityGroup:SecurityGroup');

/** One opening of a security group, however the provider lets it be written. */
interface Opening {
  at: Field;
  peers: Field[];
  from: Field;
  to: Field;
  protocol: Field;
}

function openings(resource: Resource, way: 'ingress' | 'egress'): Opening[] {
  const { props } = resource;
  if (isGroup(resource)) return props.at(way).items.map((at) => classic(at));
  if (resource.kind === 'SecurityGroupRule') return props.at('type').text === way ? [classic(props)] : [];
  return [
    {
      at: props,
      peers: [props.at('cidrIpv4'), props.at('cidrIpv6')],
      from: props.at('fromPort'),
      to: props.at('toPort'),
      protocol: props.at('ipProtocol'),
    },
  ];
}

const classic = (at: Field): Opening => ({
  at,
  peers: [...at.at('cidrBlocks').items, ...at.at('ipv6CidrBlocks').items],
  from: at.at('fromPort'),
  to: at.at('toPort'),
  protocol: at.at('protocol'),
});

const securityGroupClosed: ResourceRule = {
  scope: 'resource',
  name: 'aws-security-group-closed',
  item: 'infrastructure/security-groups',
  severity: 'critical',
  level: 'mandatory',
  description: 'Security groups name who may come in; the whole internet may reach port 443 only.',
  fix: 'name a security group or a narrow CIDR block as the peer; serve the public on port 443 of the load balancer',
  settings: {
    publicPorts: {
      type: 'array',
      items: { type: 'string' },
      description: 'ports that everybody may reach (default: 443)',
    },
  },
  matches: (resource) =>
    isGroup(resource) ||
    isAws(
      resource,
      'ec2/securityGroupRule:SecurityGroupRule',
      'vpc/securityGroupIngressRule:SecurityGroupIngressRule',
    ),
  validate(resource, report, settings) {
    const open = listSetting(settings, 'publicPorts', ['443']);
    for (const { peers, from, to } of openings(resource, 'ingress')) {
      for (const peer of peers) {
        report.guard(() => {
          if (!isEverywhere(peer)) return;
          const allowed = from.text !== undefined && from.text === to.text && open.includes(from.text);
          if (!allowed)
            report.violation(peer, `everybody may reach ports ${from.text ?? 'all'} to ${to.text ?? 'all'}`);
        });
      }
    }
  },
};

const securityGroupEgress: ResourceRule = {
  scope: 'resource',
  name: 'aws-security-group-egress',
  item: 'infrastructure/security-groups',
  severity: 'medium',
  level: 'mandatory',
  description: 'Security groups say what may go out: not every port to everywhere.',
  fix: 'name the ports and peers that are needed; to the internet port 443 alone',
  matches: (resource) =>
    isGroup(resource) ||
    isAws(
      resource,
      'ec2/securityGroupRule:SecurityGroupRule',
      'vpc/securityGroupEgressRule:SecurityGroupEgressRule',
    ),
  validate(resource, report) {
    for (const { at, peers, protocol } of openings(resource, 'egress')) {
      report.guard(() => {
        if (protocol.text === '-1' && peers.some(isEverywhere))
          report.violation(at.path ? at : protocol, 'everything may go everywhere');
      });
    }
  },
};

const strictPolicies = [
  'ELBSecurityPolicy-TLS13-1-3-2021-06',
  'ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04',
  'ELBSecurityPolicy-TLS13-1-3-PQ-2025-09',
  'ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09',
];
const isListener = (resource: Resource) => isAws(resource, 'lb/listener:Listener', 'alb/listener:Listener');
const isDistribution = (resource: Resource) => isAws(resource, 'cloudfront/distribution:Distribution');
const serviceAnnotation = 'service.beta.kubernetes.io/aws-load-balancer-';

const loadBalancerTls: ResourceRule = {
  scope: 'resource',
  name: 'aws-load-balancer-tls',
  item: 'infrastructure/tls-termination',
  severity: 'high',
  level: 'mandatory',
  description: 'Load balancers and CloudFront end TLS with version 1.3 only; plain HTTP is redirected.',
  fix: `use sslPolicy ${strictPolicies[0]} with an ACM certificate, redirect port 80 to HTTPS; CloudFront: minimumProtocolVersion TLSv1.3_2025 and viewerProtocolPolicy redirect-to-https or https-only`,
  matches: (resource) =>
    isListener(resource) || isDistribution(resource) || isOf(resource, 'core', 'Service'),
  validate(resource, report) {
    const { props } = resource;
    const strict = (at: Field) => {
      if (!strictPolicies.includes(at.text ?? '')) report.violation(at, 'TLS older than 1.3 is spoken');
    };
    if (isDistribution(resource)) {
      report.guard(() => {
        const least = props.at('viewerCertificate', 'minimumProtocolVersion');
        if (!least.text?.startsWith('TLSv1.3')) report.violation(least, 'TLS older than 1.3 is spoken');
      });
      for (const behaviour of [
        props.at('defaultCacheBehavior'),
        ...props.at('orderedCacheBehaviors').items,
      ]) {
        report.guard(() => {
          const at = behaviour.at('viewerProtocolPolicy');
          if (!['https-only', 'redirect-to-https'].includes(at.text ?? ''))
            report.violation(at, 'plain HTTP is served');
        });
      }
      return;
    }
    if (!isListener(resource)) {
      const note = (name: string) => props.at('metadata', 'annotations', `${serviceAnnotation}${name}`);
      if (note('ssl-cert').isGiven) strict(note('ssl-negotiation-policy'));
      return;
    }
    const protocol = props.at('protocol').text ?? 'HTTP';
    if (protocol === 'HTTP') {
      const to = props.at('defaultActions', 0, 'redirect', 'protocol');
      if (to.text !== 'HTTPS') report.violation(props.at('protocol'), 'plain HTTP is served');
    } else if (protocol === 'HTTPS' || protocol === 'TLS') {
      strict(props.at('sslPolicy'));
      if (!props.at('certificateArn').isGiven)
        report.violation(props.at('certificateArn'), 'there is no certificate');
    }
  },
};

const isPublicBalancer = (resource: Resource) =>
  isAws(resource, 'lb/loadBalancer:LoadBalancer', 'alb/loadBalancer:LoadBalancer') &&
  resource.props.at('internal').value !== true;

const firewallInFront: StackRule = {
  scope: 'stack',
  name: 'aws-firewall-in-front',
  item: 'infrastructure/waf',
  severity: 'high',
  level: 'mandatory',
  description: 'Whatever answers the internet has a web application firewall in front of it.',
  fix: 'attach a WAFv2 web ACL: webAclId on the CloudFront distribution, a WebAclAssociation for an application load balancer; keep network load balancers internal',
  validate(stack, report) {
    const associations = stack.filter((one) => isAws(one, 'wafv2/webAclAssociation:WebAclAssociation'));
    for (const resource of stack) {
      const one = report.on(resource);
      one.guard(() => {
        if (isDistribution(resource)) {
          const at = resource.props.at('webAclId');
          if (!at.isGiven) one.violation(at, 'no firewall stands in front of the distribution');
        } else if (isPublicBalancer(resource)) {
          const type = resource.props.at('loadBalancerType');
          if (type.text === 'network') one.violation(type, 'a network load balancer cannot have a firewall');
          else if (!associations.some((association) => names(association, 'resourceArn', resource)))
            one.violation('internal', 'no firewall stands in front of the load balancer');
        }
      });
    }
  },
};

const isWebAcl = (resource: Resource) => isAws(resource, 'wafv2/webAcl:WebAcl');

const firewallRules: ResourceRule = {
  scope: 'resource',
  name: 'aws-firewall-rules',
  item: 'infrastructure/waf',
  severity: 'high',
  level: 'mandatory',
  description: 'The firewall blocks by managed rule groups; it does not only count.',
  fix: 'add AWSManagedRulesCommonRuleSet and AWSManagedRulesSQLiRuleSet with overrideAction none',
  matches: isWebAcl,
  validate(resource, report) {
    const rules = resource.props.at('rules');
    const managed = rules.items.filter((rule) => rule.at('statement', 'managedRuleGroupStatement').exists);
    if (managed.length === 0) report.violation(rules, 'the firewall has no managed rule group');
    for (const rule of managed) {
      report.guard(() => {
        const at = rule.at('overrideAction', 'count');
        if (at.exists) report.violation(at, `rule ${rule.at('name').text} only counts`);
      });
    }
  },
};

const firewallRate: ResourceRule = {
  scope: 'resource',
  name: 'aws-firewall-rate',
  item: 'infrastructure/ddos-protection',
  severity: 'high',
  level: 'mandatory',
  description: 'The firewall limits the requests of one address.',
  fix: 'add a rule with a rateBasedStatement and the action block',
  matches: isWebAcl,
  validate(resource, report) {
    const rules = resource.props.at('rules');
    const limits = rules.items.some(
      (rule) => rule.at('statement', 'rateBasedStatement').exists && rule.at('action', 'block').exists,
    );
    if (!limits) report.violation(rules, 'no rule blocks an address that asks too often');
  },
};

const flowLogs: StackRule = {
  scope: 'stack',
  name: 'aws-flow-logs',
  item: 'infrastructure/security-groups',
  severity: 'medium',
  level: 'mandatory',
  description: 'Every network records its flows, and its default security group lets nothing through.',
  fix: 'add an ec2.FlowLog and an ec2.DefaultSecurityGroup without rules, each with the vpcId of the network',
  validate(stack, report) {
    const needs = [
      { type: 'ec2/flowLog:FlowLog', missing: 'flows are not recorded' },
      {
        type: 'ec2/defaultSecurityGroup:DefaultSecurityGroup',
        missing: 'the default security group is open',
      },
    ];
    for (const vpc of stack.filter((one) => isAws(one, 'ec2/vpc:Vpc'))) {
      const one = report.on(vpc);
      for (const { type, missing } of needs) {
        const candidates = stack.filter((resource) => isAws(resource, type));
        if (candidates.some((candidate) => names(candidate, 'vpcId', vpc))) continue;
        const open = candidates.find(
          ({ props, references }) => props.at('vpcId').unknown && !references.vpcId,
        );
        if (open) one.guard(() => open.props.at('vpcId').value);
        else one.violation('cidrBlock', missing);
      }
    }
  },
};

export const awsNetworkRules = [
  securityGroupClosed,
  securityGroupEgress,
  loadBalancerTls,
  firewallInFront,
  firewallRules,
  firewallRate,
  flowLogs,
];
