// Fixtures of the rules about callers, the API gateway, Kafka, certificates and the spread over zones.
import type { Fixtures } from './pods.fixtures';
import {
  autoscaler,
  deployment,
  gateway,
  type Patch,
  peerAuthentication,
  resource,
  type Sample,
  UNKNOWN,
} from './samples.fixtures';

export const authorizationPolicy = resource('kubernetes:security.istio.io/v1:AuthorizationPolicy', 'shop', {
  spec: {
    selector: { matchLabels: { app: 'shop' } },
    action: 'ALLOW',
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/store/sa/cart'] } }] }],
  },
});
export const allowNothing = (patch: Patch = {}) => authorizationPolicy({ spec: {}, ...patch });
export const meshNamespace = resource('kubernetes:core/v1:Namespace', 'store', {
  metadata: { name: 'store', labels: { 'istio-injection': 'enabled' } },
});
const meshStack = (...more: Sample[]) => [meshNamespace(), deployment(), ...more];

const requestAuthentication = resource('kubernetes:security.istio.io/v1:RequestAuthentication', 'edge', {
  spec: {
    jwtRules: [{ issuer: 'https://shop.test', audiences: ['shop'], jwksUri: 'http://user/keys' }],
  },
});
const envoyFilter = resource('kubernetes:networking.istio.io/v1alpha3:EnvoyFilter', 'limits', {
  spec: {
    workloadSelector: { labels: { istio: 'ingressgateway' } },
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        patch: { operation: 'INSERT_BEFORE', value: { name: 'envoy.filters.http.local_ratelimit' } },
      },
      {
        applyTo: 'HTTP_ROUTE',
        patch: {
          operation: 'MERGE',
          value: { typed_per_filter_config: { 'envoy.filters.http.local_ratelimit': {} } },
        },
      },
    ],
  },
});

const filterType = (name: string) => `type.googleapis.com/envoy.extensions.filters.http.${name}.v3.Some`;
const connectionManager = (operation: string, settings: object) => ({
  applyTo: 'NETWORK_FILTER',
  patch: { operation, value: { typed_config: settings } },
});

const plugin = (name: string, kind: string) =>
  resource('kubernetes:configuration.konghq.com/v1:KongPlugin', name, { plugin: kind });
const token = plugin('token', 'jwt');
const jwt = (patch: Patch = {}) => token({ config: { claims_to_verify: ['exp'] }, ...patch });
export const limit = plugin('limit', 'rate-limiting');
const shared = resource('kubernetes:configuration.konghq.com/v1:KongClusterPlugin', 'all', {
  plugin: 'rate-limiting',
  metadata: { name: 'all', labels: { global: 'true' } },
});
export const httpRoute = resource('kubernetes:gateway.networking.k8s.io/v1:HTTPRoute', 'orders', {
  metadata: {
    name: 'orders',
    namespace: 'store',
    annotations: { 'konghq.com/plugins': 'token, limit', 'konghq.com/protocols': 'https' },
  },
  spec: { rules: [{ backendRefs: [{ name: 'orders', port: 80 }] }] },
});
const byFilter = (name: string) => ({
  filters: [
    { type: 'ExtensionRef', extensionRef: { group: 'configuration.konghq.com', kind: 'KongPlugin', name } },
  ],
});
const declaredPublic = { 'platform-policy/public': 'what everybody may look at' };
const ingress = resource('kubernetes:networking.k8s.io/v1:Ingress', 'shop', {
  spec: { ingressClassName: 'kong', tls: [{ secretName: 'tls' }], rules: [] },
});
const listeners = resource('kubernetes:gateway.networking.k8s.io/v1:Gateway', 'edge', {
  spec: {
    listeners: [
      { name: 'http', protocol: 'HTTP' },
      { name: 'https', protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'tls' }] } },
    ],
  },
});

const strimzi = (kind: string, name: string, spec: object) =>
  resource(`kubernetes:kafka.strimzi.io/v1:${kind}`, name, { spec });
export const kafka = strimzi('Kafka', 'events', {
  kafka: {
    listeners: [{ name: 'tls', port: 9093, type: 'internal', tls: true, authentication: { type: 'tls' } }],
    authorization: { type: 'simple' },
    config: {
      'default.replication.factor': 3,
      'min.insync.replicas': 2,
      'offsets.topic.replication.factor': 3,
      'transaction.state.log.replication.factor': 3,
      'transaction.state.log.min.isr': 2,
      'auto.create.topics.enable': false,
    },
  },
});
const topic = strimzi('KafkaTopic', 'orders', { replicas: 3, config: { 'min.insync.replicas': 2 } });
export const kafkaUser = strimzi('KafkaUser', 'order-service', {
  authentication: { type: 'tls' },
  authorization: {
    type: 'simple',
    acls: [
      { resource: { type: 'topic', name: 'order.order.v1', patternType: 'literal' }, operations: ['Write'] },
      { resource: { type: 'group', name: 'order-service', patternType: 'prefix' }, operations: ['Read'] },
    ],
  },
});

const externalSecret = resource('kubernetes:external-secrets.io/v1:ExternalSecret', 'stripe', {
  spec: { refreshInterval: '1h', secretStoreRef: { kind: 'SecretStore', name: 'aws' } },
});
const store = resource('kubernetes:external-secrets.io/v1:SecretStore', 'aws', {
  spec: { provider: { aws: { auth: { jwt: { serviceAccountRef: { name: 'secrets' } } } } } },
});
const certificate = resource('kubernetes:cert-manager.io/v1:Certificate', 'edge', {
  spec: { duration: '2160h', privateKey: { rotationPolicy: 'Always', algorithm: 'ECDSA', size: 256 } },
});

const replicas = (count: unknown) => deployment({ 'spec.replicas': count });
const together = { topologySpreadConstraints: undefined };
const apart = (count: unknown, pod: object) =>
  deployment({
    'spec.replicas': count,
    ...Object.fromEntries(Object.entries(pod).map(([key, value]) => [`spec.template.spec.${key}`, value])),
  });

export const guardFixtures: Record<string, Fixtures> = {
  'mesh-named-callers': {
    good: [
      authorizationPolicy(),
      allowNothing(),
      authorizationPolicy({ 'spec.action': 'DENY', 'spec.rules': [{}] }),
      authorizationPolicy({
        'spec.rules': [{}],
        'metadata.annotations': { 'platform-policy/exposed': 'the front door of the shop' },
      }),
    ],
    bad: [
      [authorizationPolicy({ 'spec.rules': [{}] }), /allows whoever comes at spec\.rules\[0\]/],
      [authorizationPolicy({ 'spec.rules.0.from.0.source': {} }), /names nobody/],
      [authorizationPolicy({ 'spec.rules.0.from.0.source.principals': ['*'] }), /'\*' is everybody/],
      [
        authorizationPolicy({ 'spec.rules.0.from.0.source.principals': ['cluster.local/*'] }),
        /'cluster\.local\/\*' is everybody/,
      ],
    ],
    unknown: [authorizationPolicy({ 'spec.rules.0.from': UNKNOWN }), authorizationPolicy({ spec: UNKNOWN })],
  },
  'mesh-guarded': {
    good: [
      meshStack(peerAuthentication(), allowNothing()),
      [meshNamespace({ 'metadata.labels': {} }), deployment()],
      [meshNamespace()],
    ],
    bad: [
      [meshStack(), /store takes plain traffic[\s\S]*store allows whatever no policy names/],
      [meshStack(peerAuthentication(), authorizationPolicy()), /allows whatever no policy names/],
      [
        meshStack(peerAuthentication({ 'metadata.namespace': 'other' }), allowNothing()),
        /takes plain traffic/,
      ],
      [
        meshStack(peerAuthentication({ 'spec.selector': { matchLabels: { app: 'shop' } } }), allowNothing()),
        /takes plain traffic/,
      ],
    ],
    unknown: [meshStack(peerAuthentication({ spec: UNKNOWN }), allowNothing())],
  },
  'tokens-verified': {
    good: [requestAuthentication(), jwt(), limit()],
    bad: [
      [requestAuthentication({ 'spec.jwtRules.0.issuer': undefined }), /any issuer/],
      [requestAuthentication({ 'spec.jwtRules.0.audiences': undefined }), /tokens for others/],
      [requestAuthentication({ 'spec.jwtRules.0.jwksUri': undefined }), /no key to check with/],
      [token(), /expired tokens are taken/],
      [jwt({ 'config.anonymous': 'guest' }), /has no token is let in/],
    ],
    unknown: [requestAuthentication({ 'spec.jwtRules': UNKNOWN }), jwt({ plugin: UNKNOWN })],
  },
  'envoy-filter-bounded': {
    good: [
      envoyFilter(),
      envoyFilter({
        'spec.configPatches.0.patch.value': {
          name: 'limits-of-a-minute',
          typed_config: { '@type': filterType('local_ratelimit') },
        },
      }),
      envoyFilter({
        'spec.configPatches.0.patch.value': {
          name: 'gzip',
          typed_config: { '@type': filterType('compressor') },
        },
      }),
      envoyFilter({
        'spec.configPatches.0': connectionManager('MERGE', { local_reply_config: { mappers: [] } }),
      }),
    ],
    bad: [
      [
        envoyFilter({
          'spec.configPatches.0.patch.value.typed_config': { '@type': filterType('lua') },
        }),
        /http\.lua' is not on/,
      ],
      [
        envoyFilter({ 'spec.configPatches.0': connectionManager('MERGE', { http_filters: [] }) }),
        /changes http_filters of connections/,
      ],
      [
        envoyFilter({ 'spec.configPatches.0': connectionManager('INSERT_BEFORE', {}) }),
        /changes a whole filter of connections/,
      ],
      [
        envoyFilter({ 'spec.configPatches.0.patch.value.name': 'envoy.filters.http.lua' }),
        /http\.lua' is not on/,
      ],
      [envoyFilter({ 'spec.configPatches.0.applyTo': 'LISTENER' }), /it patches LISTENER/],
      [envoyFilter({ 'spec.configPatches.0.patch.operation': 'REMOVE' }), /it may remove a check/],
      [envoyFilter({ 'spec.workloadSelector': undefined }), /put into every proxy/],
      [
        envoyFilter({
          'spec.configPatches.1.patch.value.typed_per_filter_config': { 'envoy.filters.http.rbac': {} },
        }),
        /http\.rbac' is not on the list/,
      ],
    ],
    unknown: [envoyFilter({ 'spec.configPatches': UNKNOWN })],
  },
  'gateway-route-authenticated': {
    good: [
      [httpRoute(), jwt(), limit()],
      [httpRoute({ 'metadata.annotations': declaredPublic })],
      [
        httpRoute({ 'metadata.annotations': {}, 'spec.rules': [byFilter('token'), byFilter('token')] }),
        jwt(),
      ],
      [ingress({ 'metadata.annotations': { 'konghq.com/plugins': 'token' } }), jwt()],
      [ingress({ 'spec.ingressClassName': 'other' })],
    ],
    bad: [
      [[httpRoute(), limit()], /asks for no token and is not declared public/],
      [[httpRoute(), jwt({ 'metadata.namespace': 'other' })], /asks for no token/],
      [[httpRoute(), jwt({ disabled: true })], /asks for no token/],
      [[httpRoute({ 'metadata.annotations': { 'platform-policy/public': 'yes' } })], /asks for no token/],
      [
        [httpRoute({ 'metadata.annotations': {}, 'spec.rules': [byFilter('token'), {}] }), jwt()],
        /asks for no token/,
      ],
      [[ingress()], /asks for no token/],
    ],
    unknown: [[httpRoute({ 'metadata.annotations': UNKNOWN }), jwt()]],
  },
  'gateway-route-limited': {
    good: [
      [httpRoute(), jwt(), limit()],
      [httpRoute({ 'metadata.annotations': declaredPublic }), shared()],
    ],
    bad: [
      [[httpRoute(), jwt()], /has no rate limit/],
      [[httpRoute({ 'metadata.annotations': declaredPublic })], /has no rate limit/],
      [[httpRoute(), shared({ 'metadata.labels': {} })], /has no rate limit/],
    ],
    unknown: [[httpRoute({ 'metadata.annotations': UNKNOWN }), limit()]],
  },
  'gateway-encrypted': {
    good: [gateway(), httpRoute(), ingress(), listeners()],
    bad: [
      [gateway({ 'spec.servers.0.tls': undefined }), /port 80 answers plain/],
      [httpRoute({ 'metadata.annotations': {} }), /the route answers plain HTTP/],
      [httpRoute({ 'metadata.annotations': { 'konghq.com/protocols': 'http,https' } }), /answers plain HTTP/],
      [ingress({ 'spec.tls': undefined }), /the ingress has no certificate/],
      [listeners({ 'spec.listeners.1.tls': {} }), /listener https has no certificate/],
    ],
    unknown: [gateway({ 'spec.servers': UNKNOWN }), ingress({ 'spec.tls': UNKNOWN })],
  },
  'kafka-encrypted': {
    good: [kafka()],
    bad: [[kafka({ 'spec.kafka.listeners.0.tls': false }), /listener 'tls' is plain/]],
    unknown: [kafka({ 'spec.kafka.listeners': UNKNOWN })],
  },
  'kafka-authenticated': {
    good: [kafka(), kafkaUser()],
    bad: [
      [kafka({ 'spec.kafka.listeners.0.authentication': undefined }), /listener 'tls' takes anybody/],
      [kafka({ 'spec.kafka.authorization': undefined }), /whoever is in may do anything/],
      [kafka({ 'spec.kafka.authorization.superUsers': ['CN=root'] }), /CN=root may do anything/],
      [kafkaUser({ 'spec.authentication': undefined }), /no way to prove itself/],
    ],
    unknown: [kafka({ 'spec.kafka': UNKNOWN })],
  },
  'kafka-named-grants': {
    good: [kafkaUser()],
    bad: [
      [kafkaUser({ 'spec.authorization.acls.0.resource.name': '*' }), /the grant is on everything/],
      [kafkaUser({ 'spec.authorization.acls.1.operations': ['All'] }), /for every operation/],
    ],
    unknown: [kafkaUser({ 'spec.authorization.acls': UNKNOWN })],
  },
  'kafka-durable': {
    good: [kafka(), topic()],
    bad: [
      [topic({ 'spec.replicas': 1 }), /the topic has 1 replicas/],
      [topic({ 'spec.config': undefined }), /one replica is enough/],
      [kafka({ 'spec.kafka.config.min\\.insync\\.replicas': 1 }), /min\.insync\.replicas is 1, less than 2/],
      [kafka({ 'spec.kafka.config.auto\\.create\\.topics\\.enable': undefined }), /auto\.create\S+ is on/],
      [kafka({ 'spec.kafka.config.unclean\\.leader\\.election\\.enable': 'true' }), /unclean\S+ is on/],
    ],
    unknown: [topic({ 'spec.replicas': UNKNOWN }), kafka({ 'spec.kafka.config': UNKNOWN })],
  },
  'external-secret-source': {
    good: [externalSecret(), store()],
    bad: [
      [externalSecret({ 'spec.refreshInterval': '0' }), /a refresh every 0 is/],
      [externalSecret({ 'spec.refreshInterval': '800h' }), /a refresh every 800h/],
      [externalSecret({ 'spec.secretStoreRef': {} }), /no store is named/],
      [store({ 'spec.provider': { fake: {} } }), /provider fake is not on the list/],
      [store({ 'spec.provider.aws.auth': { secretRef: {} } }), /opened by an access key/],
    ],
    unknown: [externalSecret({ 'spec.refreshInterval': UNKNOWN }), store({ 'spec.provider': UNKNOWN })],
  },
  'certificate-renewed': {
    good: [certificate(), certificate({ 'spec.isCA': true, 'spec.duration': '87600h' })],
    bad: [
      [certificate({ 'spec.duration': '8760h' }), /lives for 8760h/],
      [certificate({ 'spec.privateKey.rotationPolicy': undefined }), /keeps the old key/],
      [certificate({ 'spec.privateKey.algorithm': 'RSA', 'spec.privateKey.size': 1024 }), /too weak/],
    ],
    unknown: [certificate({ 'spec.duration': UNKNOWN })],
  },
  'second-replica': {
    good: [[replicas(2)], [replicas(0)], [deployment(), autoscaler()]],
    bad: [
      [[replicas(1)], /it runs once/],
      [[deployment()], /it runs once/],
      [[deployment(), autoscaler({ 'spec.minReplicas': 1 })], /it runs once/],
    ],
    unknown: [[replicas(UNKNOWN)]],
  },
  'zone-spread': {
    good: [
      [replicas(1)],
      [replicas(2)],
      [
        apart(2, {
          ...together,
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { topologyKey: 'topology.kubernetes.io/zone' },
              ],
            },
          },
        }),
      ],
    ],
    bad: [
      [[apart(2, together)], /may stand in one zone/],
      [
        [apart(2, { topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname' }] })],
        /may stand in one zone/,
      ],
    ],
    unknown: [[apart(2, { topologySpreadConstraints: UNKNOWN })]],
  },
};
