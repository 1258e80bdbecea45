// Fixtures of the rules about everything around pods: network, rights, placement, availability and mesh.
import type { Fixtures } from './pods.fixtures';
import {
  autoscaler,
  binding,
  budget,
  configMap,
  deployment,
  destinationRule,
  everyOwner,
  gateway,
  networkPolicy,
  peerAuthentication,
  release,
  role,
  type Sample,
  service,
  telemetry,
  UNKNOWN,
  virtualService,
} from './samples.fixtures';

const replicas = (count: unknown) => deployment({ 'spec.replicas': count });
const named = (sample: Sample, type: string): Sample => ({ ...sample, type });
const port = (one: object) => service({ 'spec.ports': [{ port: 80, ...one }] });
const http = (...routes: unknown[]) => virtualService({ 'spec.http': routes });
const route = (...weights: unknown[]) => ({
  route: weights.map((weight, index) => ({ destination: { host: 'shop', subset: `v${index + 1}` }, weight })),
});

export const platformFixtures: Record<string, Fixtures> = {
  'no-wildcard-role': {
    good: [role()],
    bad: [
      [role({ 'rules.0.verbs': ['*'] }), /all verbs at rules\[0\]\.verbs\[0\]/],
      [role({ 'rules.0.resources': ['*'] }), /all resources/],
      [role({ 'rules.0.verbs': ['impersonate'] }), /may impersonate/],
    ],
    unknown: [role({ rules: UNKNOWN }), role({ 'rules.0.verbs': UNKNOWN })],
  },
  'no-admin-binding': {
    good: [binding()],
    bad: [
      [binding({ 'roleRef.name': 'cluster-admin' }), /cluster-admin is bound/],
      [binding({ 'subjects.0.name': 'system:authenticated' }), /given to system:authenticated/],
    ],
    unknown: [binding({ 'roleRef.name': UNKNOWN }), binding({ subjects: UNKNOWN })],
  },
  'network-policy': {
    good: [
      [deployment(), networkPolicy()],
      [...everyOwner(), networkPolicy({ 'spec.podSelector': {} })],
      [
        deployment(),
        networkPolicy({ 'spec.policyTypes': ['Ingress'] }),
        networkPolicy({
          'spec.policyTypes': ['Egress'],
          'spec.podSelector': { matchExpressions: [{ key: 'app', operator: 'In', values: ['shop'] }] },
        }),
      ],
      [configMap()],
    ],
    bad: [
      [[deployment()], /no network policy governs Ingress and Egress/],
      [[deployment(), networkPolicy({ 'spec.policyTypes': ['Ingress'] })], /governs Egress/],
      [[deployment(), networkPolicy({ 'metadata.namespace': 'other' })], /Ingress and Egress/],
      [
        [deployment(), networkPolicy({ 'spec.podSelector.matchLabels': { app: 'cart' } })],
        /Ingress and Egress/,
      ],
      [
        [
          deployment(),
          networkPolicy({
            'spec.podSelector': { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
          }),
        ],
        /Ingress/,
      ],
    ],
    unknown: [
      [deployment({ 'spec.template.metadata.labels': UNKNOWN }), networkPolicy()],
      [deployment(), networkPolicy({ 'spec.podSelector': UNKNOWN })],
    ],
  },
  'not-exposed': {
    good: [
      service(),
      service({ 'spec.type': undefined }),
      service({
        'spec.type': 'LoadBalancer',
        'metadata.annotations': { 'platform-policy/exposed': 'the front door of the shop' },
      }),
    ],
    bad: [
      [service({ 'spec.type': 'NodePort' }), /type NodePort/],
      [
        service({
          'spec.type': 'LoadBalancer',
          'metadata.annotations': { 'platform-policy/exposed': 'yes' },
        }),
        /type LoadBalancer/,
      ],
      [service({ 'spec.externalIPs': ['192.0.2.1'] }), /external addresses/],
    ],
    unknown: [service({ 'spec.type': UNKNOWN })],
  },
  'required-labels': {
    good: [deployment(), ...everyOwner()],
    bad: [
      [deployment({ 'metadata.labels': undefined }), /label app\.kubernetes\.io\/name is missing/],
      [
        deployment({ 'spec.template.metadata.labels.app\\.kubernetes\\.io/part-of': undefined }),
        /part-of is missing at spec\.template/,
      ],
    ],
    unknown: [deployment({ 'metadata.labels': UNKNOWN })],
  },
  'no-default-namespace': {
    good: [
      configMap(),
      { ...configMap({ 'metadata.namespace': undefined }), providerNamespace: 'store' },
      named(configMap({ 'metadata.namespace': undefined }), 'kubernetes:core/v1:Namespace'),
      named(configMap({ metadata: {} }), 'kubernetes:rbac.authorization.k8s.io/v1:ClusterRole'),
      { type: 'pulumi:providers:kubernetes', name: 'default', props: {} },
      { type: 'random:index/randomPassword:RandomPassword', name: 'x', props: {} },
    ],
    bad: [
      [configMap({ 'metadata.namespace': undefined }), /not said, which means default/],
      [configMap({ 'metadata.namespace': 'default' }), /default namespace is used/],
    ],
    unknown: [configMap({ 'metadata.namespace': UNKNOWN })],
  },
  'current-api-version': {
    good: [
      deployment(),
      virtualService(),
      named(virtualService({ apiVersion: undefined }), 'kubernetes:networking.istio.io/v1alpha3:EnvoyFilter'),
      named(
        virtualService({ apiVersion: undefined }),
        'kubernetes:configuration.konghq.com/v1beta1:KongUpstreamPolicy',
      ),
    ],
    bad: [
      [deployment({ apiVersion: 'apps/v1beta2' }), /apps\/v1beta2 is no stable version/],
      [
        named(
          virtualService({ apiVersion: undefined }),
          'kubernetes:networking.istio.io/v1beta1:VirtualService',
        ),
        /superseded by networking\.istio\.io\/v1/,
      ],
      [
        named(deployment({ apiVersion: undefined }), 'kubernetes:extensions/v1beta1:Deployment'),
        /superseded/,
      ],
      [named(configMap({ apiVersion: undefined }), 'kubernetes:batch/v1beta1:CronJob'), /no stable version/],
    ],
    unknown: [deployment({ apiVersion: UNKNOWN })],
  },
  'visible-workload': {
    settings: { charts: ['https://charts.example.com/shop@1.1.0'] },
    good: [
      deployment(),
      release({ version: '1.1.0', repositoryOpts: { repo: 'https://charts.example.com' } }),
    ],
    bad: [
      [release(), /content of a Release cannot be judged/],
      [
        release({ version: '1.2.0', repositoryOpts: { repo: 'https://charts.example.com' } }),
        /content of a Release of https:\/\/charts\.example\.com\/shop@1\.2\.0 cannot/,
      ],
      [named(deployment(), 'kubernetes:apps/v1:DeploymentList'), /DeploymentList/],
      [named(deployment(), 'kubernetes:apps/v1:DeploymentPatch'), /DeploymentPatch/],
    ],
    unknown: [release({ chart: UNKNOWN })],
  },
  'disruption-budget': {
    good: [
      [replicas(1)],
      [replicas(undefined)],
      [replicas(0)],
      [replicas(3), budget()],
      [replicas(3), budget({ 'spec.maxUnavailable': undefined, 'spec.minAvailable': '50%' })],
      [deployment(), autoscaler(), budget()],
    ],
    bad: [
      [[replicas(2)], /2 replicas and no disruption budget/],
      [[deployment(), autoscaler()], /3 replicas and no disruption budget/],
      [[replicas(2), budget({ 'metadata.namespace': 'other' })], /no disruption budget/],
      [[replicas(2), budget({ 'spec.maxUnavailable': 0 })], /allows no pod to be moved/],
      [
        [replicas(2), budget({ 'spec.maxUnavailable': undefined, 'spec.minAvailable': 2 })],
        /allows no pod to be moved/,
      ],
    ],
    unknown: [[replicas(UNKNOWN)], [replicas(2), budget({ 'spec.selector': UNKNOWN })]],
  },
  'autoscaler-owns-replicas': {
    good: [
      [deployment(), autoscaler()],
      [replicas(5)],
      [{ ...replicas(5), ignoreChanges: ['spec.replicas'] }, autoscaler()],
    ],
    bad: [[[replicas(5), autoscaler()], /set here and by the autoscaler 'shop'/]],
    unknown: [[replicas(5), autoscaler({ 'spec.scaleTargetRef': UNKNOWN })]],
  },
  'route-order': {
    good: [
      virtualService(),
      http(
        { match: [{ uri: { prefix: '/v1' } }], ...route(100) },
        { match: [{ uri: { prefix: '/' } }], ...route(100) },
      ),
    ],
    bad: [
      [
        http(route(100), { match: [{ headers: { a: { exact: 'b' } } }], ...route(100) }),
        /never reached: spec\.http\[0\] takes every request at spec\.http\[1\]/,
      ],
      [http({ match: [{ uri: { prefix: '/' } }], ...route(100) }, route(100)), /never reached/],
      [http({ match: [{}], ...route(100) }, route(100)), /never reached/],
    ],
    unknown: [http({ match: UNKNOWN }, route(100)), virtualService({ 'spec.http': UNKNOWN })],
  },
  'fault-route-guarded': {
    good: [virtualService()],
    bad: [
      [http({ fault: { delay: {} }, ...route(100) }), /did not ask for it at spec\.http\[0\]\.fault/],
      [http({ match: [{ uri: { prefix: '/v1' } }], fault: { abort: {} }, ...route(100) }), /did not ask/],
    ],
    unknown: [http({ fault: UNKNOWN, ...route(100) }), http({ fault: {}, match: UNKNOWN })],
  },
  'route-weights': {
    good: [virtualService(), http(route(undefined)), http(route(0, 100))],
    bad: [
      [http(route(90, 20)), /add up to 110/],
      [http(route(undefined, undefined)), /add up to 0/],
      [http(route(50)), /add up to 50/],
    ],
    unknown: [http(route(90, UNKNOWN))],
  },
  'subset-exists': {
    good: [[virtualService(), destinationRule()], [http({ route: [{ destination: { host: 'shop' } }] })]],
    bad: [
      [[virtualService()], /no DestinationRule of host shop defines subset v1/],
      [[virtualService(), destinationRule({ 'spec.subsets': [{ name: 'v1' }] })], /defines subset v2/],
      [[virtualService(), destinationRule({ 'spec.host': 'shop.other' })], /defines subset v1/],
    ],
    unknown: [
      [virtualService(), destinationRule({ 'spec.subsets': UNKNOWN })],
      [virtualService({ 'spec.http': UNKNOWN })],
    ],
  },
  'mesh-encryption': {
    good: [
      peerAuthentication(),
      destinationRule(),
      destinationRule({ 'spec.host': 'api.example.test', 'spec.trafficPolicy': { tls: { mode: 'SIMPLE' } } }),
    ],
    bad: [
      [peerAuthentication({ 'spec.mtls.mode': 'PERMISSIVE' }), /mode PERMISSIVE/],
      [peerAuthentication({ 'spec.portLevelMtls': { 8080: { mode: 'DISABLE' } } }), /mode DISABLE/],
      [destinationRule({ 'spec.trafficPolicy': { tls: { mode: 'DISABLE' } } }), /mode DISABLE/],
      [
        destinationRule({ 'spec.trafficPolicy': { portLevelSettings: [{ tls: { mode: 'SIMPLE' } }] } }),
        /mode SIMPLE/,
      ],
    ],
    unknown: [peerAuthentication({ 'spec.mtls.mode': UNKNOWN })],
  },
  'port-protocol': {
    good: [
      [service(), peerAuthentication()],
      [port({ name: 'data', appProtocol: 'tcp' }), peerAuthentication()],
      [port({ name: 'http-web' }), peerAuthentication()],
      [port({ name: 'dns', protocol: 'UDP' }), peerAuthentication()],
      [port({ name: 'data' })],
      [port({ name: 'data' }), peerAuthentication({ 'metadata.namespace': 'other' })],
    ],
    bad: [
      [[port({ name: 'data' }), peerAuthentication()], /port 80 does not say its protocol/],
      [[port({ name: 'httpdata' }), virtualService()], /does not say its protocol/],
    ],
    unknown: [[port({ name: UNKNOWN }), peerAuthentication()]],
  },
  'telemetry-provider': {
    good: [telemetry(), telemetry({ 'spec.metrics': [{ providers: [{ name: 'collector' }] }] })],
    bad: [
      [
        telemetry({ 'spec.metrics': [{ providers: [{ name: 'prometheus' }] }] }),
        /breaks proxies of upstream/,
      ],
    ],
    unknown: [telemetry({ 'spec.metrics': UNKNOWN })],
  },
  'gateway-tls': {
    good: [gateway()],
    bad: [
      [gateway({ 'spec.servers.1.tls.minProtocolVersion': undefined }), /older than 1\.3/],
      [gateway({ 'spec.servers.1.tls.minProtocolVersion': 'TLSV1_2' }), /older than 1\.3/],
    ],
    unknown: [gateway({ 'spec.servers.1.tls': UNKNOWN })],
  },
};
