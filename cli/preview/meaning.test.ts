import { costOf } from './cost';
import { exposureOf } from './exposure';
import type { ResourceChange } from './model';

const created = (type: string, inputs: object): ResourceChange => ({
  ...{
    urn: 'urn:pulumi:s::p::t::n',
    type,
    name: 'n',
    op: 'create',
    changes: [],
    ignored: [],
    drifted: false,
  },
  inputs: inputs as ResourceChange['inputs'],
});
const updated = (type: string, ...paths: string[]): ResourceChange => ({
  ...created(type, {}),
  op: 'update',
  changes: paths.map((path) => ({ path, kind: 'change', before: 1, after: 2 })),
});
const service = 'kubernetes:core/v1:Service';
const virtualService = 'kubernetes:networking.istio.io/v1:VirtualService';
const authorization = 'kubernetes:security.istio.io/v1:AuthorizationPolicy';

describe('what a new resource exposes', () => {
  it.each<[string, string, object, RegExp | undefined]>([
    ['a load balancer', service, { spec: { type: 'LoadBalancer' } }, /outside: LoadBalancer/],
    ['a Service inside', service, { spec: { type: 'ClusterIP' } }, undefined],
    [
      'a route from the front door',
      virtualService,
      { spec: { hosts: ['shop'], gateways: ['door'], http: [{ match: [{ uri: { exact: '/v1/a' } }] }] } },
      /shop \/v1\/a/,
    ],
    ['a route inside the mesh', virtualService, { spec: { hosts: ['a'], gateways: ['mesh'] } }, undefined],
    ['a rule without callers', authorization, { spec: { rules: [{ to: [{}] }] } }, /any caller/],
    ['a rule with callers', authorization, { spec: { rules: [{ from: [{}] }] } }, undefined],
    [
      'plain text',
      'kubernetes:security.istio.io/v1:PeerAuthentication',
      { spec: { mtls: { mode: 'PERMISSIVE' } } },
      /plain text \(PERMISSIVE\)/,
    ],
    [
      'an open policy',
      'kubernetes:networking.k8s.io/v1:NetworkPolicy',
      { spec: { ingress: [{}] } },
      /any peer/,
    ],
    [
      'an open security group',
      'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
      { cidrIpv4: '0.0.0.0/0' },
      /every address/,
    ],
    ['an internal balancer', 'aws:lb/loadBalancer:LoadBalancer', { internal: true }, undefined],
    ['a public database', 'aws:rds/instance:Instance', { publiclyAccessible: true }, /internet/],
  ])('%s', (_what, type, inputs, expected) => {
    const { meaning } = exposureOf(created(type, inputs));
    if (expected) expect(meaning).toMatch(expected);
    else expect(meaning).toBeUndefined();
  });

  it('is told of what no longer restricts', () => {
    const gone = { ...created('kubernetes:networking.k8s.io/v1:NetworkPolicy', {}), op: 'delete' as const };
    expect(exposureOf(gone).meaning).toMatch(/no longer restricts/);
  });

  it('is not told of a weight, which changes who answers and not who may ask', () => {
    const change = updated(
      virtualService,
      'spec.http[default].route[0].weight',
      'spec.http[a].match[0].uri.exact',
    );
    expect(exposureOf(change).changes.map(({ path }) => path)).toEqual(['spec.http[a].match[0].uri.exact']);
  });
});

describe('what moves the bill', () => {
  it.each<[string, string[], string[]]>([
    [
      'kubernetes:autoscaling/v2:HorizontalPodAutoscaler',
      ['spec.minReplicas', 'spec.metrics[0].x'],
      ['spec.minReplicas'],
    ],
    [
      'kubernetes:apps/v1:Deployment',
      ['spec.replicas', 'spec.template.metadata.labels.a'],
      ['spec.replicas'],
    ],
    ['aws:rds/instance:Instance', ['instanceClass', 'tags.a'], ['instanceClass']],
    ['kubernetes:core/v1:ConfigMap', ['data.resources'], []],
  ])('of %s', (type, paths, expected) => {
    expect(costOf(updated(type, ...paths)).changes.map(({ path }) => path)).toEqual(expected);
  });

  it('is told in figures of a new workload, and not of one without pods', () => {
    const containers = [{ resources: { requests: { cpu: '200m', memory: '256Mi' } } }];
    const deployment = (replicas: number) =>
      created('kubernetes:apps/v1:Deployment', { spec: { replicas, template: { spec: { containers } } } });
    expect(costOf(deployment(5)).figures).toBe('5 × (200m CPU, 256Mi)');
    expect(costOf(deployment(0)).figures).toBeUndefined();
  });

  it('is told of a NAT gateway, which is billed whether it is used or not', () => {
    expect(costOf(created('aws:ec2/natGateway:NatGateway', {})).figures).toBe('billed by the hour');
  });
});
