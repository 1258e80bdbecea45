// What becomes reachable, for whom. Each rule is data: which properties decide, and what a new or a removed resource means.
import type { Change } from '@platform/local/engine';
import { at, type Properties, type ResourceChange } from './model';

interface ExposureRule {
  type: RegExp;
  /** Properties that decide who reaches what. */
  paths: RegExp;
  /** What a new resource opens; undefined when nothing. */
  created?: (inputs: Properties) => string | undefined;
  /** What is no longer held back once the resource is gone. */
  deleted?: string;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const words = (values: unknown[]): string =>
  [...new Set(values.filter((value) => typeof value === 'string' || typeof value === 'number'))].join(', ');
const everywhere = (value: unknown): boolean => /"(0\.0\.0\.0|::)\/0"/.test(JSON.stringify(value ?? null));

const pathsOf = (http: unknown): unknown[] =>
  list(http).flatMap((route) =>
    list(at(route, 'match')).flatMap((match) => Object.values((at(match, 'uri') as Properties) ?? {})),
  );

const outside = (hosts: unknown, what: string) =>
  `reachable from outside: ${words(list(hosts)) || '*'} ${what}`.trim();

const kubernetes: ExposureRule[] = [
  {
    type: /:core\/v1:Service$/,
    paths: /^spec\.(type|externalIPs|loadBalancerSourceRanges|loadBalancerClass)/,
    created: ({ spec }) =>
      /^(LoadBalancer|NodePort)$/.test(String(at(spec, 'type')))
        ? `reachable from outside: ${at(spec, 'type')}`
        : undefined,
  },
  {
    type: /:networking\.istio\.io\/.*:Gateway$/,
    paths: /^spec/,
    created: ({ spec }) => {
      const servers = list(at(spec, 'servers'));
      const ports = words(servers.map((server) => at(server, 'port', 'number')));
      return outside(
        servers.flatMap((server) => list(at(server, 'hosts'))),
        `on port ${ports}`,
      );
    },
  },
  {
    type: /:networking\.istio\.io\/.*:VirtualService$/,
    paths: /^spec\.(hosts|gateways)|^spec\.(http|tls|tcp)(\[[^\]]*\])?(\.match.*)?$/,
    created: ({ spec }) =>
      list(at(spec, 'gateways')).some((gateway) => gateway !== 'mesh')
        ? outside(at(spec, 'hosts'), words(pathsOf(at(spec, 'http'))))
        : undefined,
  },
  {
    type: /:gateway\.networking\.k8s\.io\/.*Route$|:networking\.k8s\.io\/v1:Ingress$/,
    paths: /^spec/,
    created: ({ spec }) => {
      const matches = list(at(spec, 'rules')).flatMap((rule) => list(at(rule, 'matches')));
      return outside(at(spec, 'hostnames'), words(matches.map((match) => at(match, 'path', 'value'))));
    },
  },
  {
    type: /:configuration\.konghq\.com\/.*:(KongPlugin|KongClusterPlugin|KongConsumer)$/,
    paths: /^(plugin|config|disabled|credentials)/,
    deleted: 'no longer checks requests',
  },
  {
    type: /:networking\.k8s\.io\/v1:NetworkPolicy$/,
    paths: /^spec/,
    created: ({ spec }) => {
      const open = list(at(spec, 'ingress')).some((rule) => list(at(rule, 'from')).length === 0);
      return open ? 'admits any peer' : everywhere(spec) ? 'opens to every address' : undefined;
    },
    deleted: 'no longer restricts its pods',
  },
  {
    type: /:security\.istio\.io\/.*:AuthorizationPolicy$/,
    paths: /^spec/,
    created: ({ spec }) => {
      const allows = (at(spec, 'action') ?? 'ALLOW') === 'ALLOW';
      return allows && list(at(spec, 'rules')).some((rule) => !at(rule, 'from'))
        ? 'allows any caller'
        : undefined;
    },
    deleted: 'no longer restricts who may call',
  },
  {
    type: /:security\.istio\.io\/.*:PeerAuthentication$/,
    paths: /mtls|portLevelMtls/i,
    created: ({ spec }) =>
      at(spec, 'mtls', 'mode') === 'STRICT'
        ? undefined
        : `accepts plain text (${at(spec, 'mtls', 'mode') ?? 'unset'})`,
    deleted: 'no longer demands mTLS',
  },
];

const aws: ExposureRule[] = [
  {
    type: /^aws:(ec2|vpc)\/.*:(SecurityGroup|SecurityGroupRule|SecurityGroupIngressRule|DefaultSecurityGroup)$/,
    paths: /ingress|cidr|port|protocol|source|referenced|prefixList|^type$/i,
    created: (inputs) => (everywhere(inputs.ingress ?? inputs) ? 'open to every address' : undefined),
  },
  {
    type: /^aws:(lb|alb|elb)\/.*:LoadBalancer$/,
    paths: /^(internal|securityGroups|subnets)/,
    created: ({ internal }) => (internal === true ? undefined : 'reachable from the internet'),
  },
  {
    type: /^aws:(rds|docdb|redshift)\//,
    paths: /^publiclyAccessible$/,
    created: ({ publiclyAccessible }) =>
      publiclyAccessible === true ? 'reachable from the internet' : undefined,
  },
  {
    type: /^aws:eks\/cluster:Cluster$/,
    paths: /endpointPublicAccess|publicAccessCidrs/,
    created: ({ vpcConfig }) =>
      at(vpcConfig, 'endpointPublicAccess') === false
        ? undefined
        : `API reachable from ${words(list(at(vpcConfig, 'publicAccessCidrs'))) || 'every address'}`,
  },
  {
    type: /^aws:s3\/.*:BucketPublicAccessBlock$/,
    paths: /./,
    created: (inputs) =>
      Object.values(inputs).some((value) => value === false) ? 'lets a bucket be public' : undefined,
    deleted: 'a bucket may become public',
  },
  { type: /^aws:s3\/.*:(BucketPolicy|BucketAcl\w*)$/, paths: /./ },
  {
    type: /^aws:cloudfront\/distribution:Distribution$/,
    paths: /^(aliases|origins|enabled|viewerCertificate|webAclId|defaultCacheBehavior\.viewerProtocolPolicy)/,
    created: ({ aliases }) => outside(aliases, ''),
  },
  {
    type: /^aws:wafv2\//,
    paths: /^(rules|defaultAction|webAclArn|resourceArn)/,
    deleted: 'no longer filters requests',
  },
];

const rules = [...kubernetes, ...aws];

/** The changes of a resource that decide who reaches what, and what its coming or going means for that. */
export const exposureOf = (change: ResourceChange): { changes: Change[]; meaning?: string } => {
  const rule = rules.find(({ type }) => type.test(change.type));
  if (!rule) return { changes: [] };
  if (change.op === 'create') return { changes: [], meaning: rule.created?.(change.inputs) };
  if (change.op === 'delete') return { changes: [], meaning: rule.deleted };
  return { changes: change.changes.filter(({ path }) => rule.paths.test(path)) };
};
