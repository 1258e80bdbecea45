// Who may call whom in the mesh: nothing by default, callers by name, and no filter that could undo it.
import type { Field } from '../fields';
import { listSetting, type Resource, type ResourceRule, type StackRule } from '../rule';
import { isOf, namespaceOf, ownsPods, reasonFor } from '../workloads';

const security = (kind: string) => (resource: Resource) => isOf(resource, 'security.istio.io', kind);
const isAuthorization = security('AuthorizationPolicy');

/** A caller that names nobody: the text alone, or a pattern that every identity matches. */
const isAnyone = (source: string) => /^(cluster\.local\/)?\*$/.test(source);

const namedCallers: ResourceRule = {
  scope: 'resource',
  name: 'mesh-named-callers',
  item: 'authorisation/service-to-service',
  severity: 'high',
  level: 'mandatory',
  description: 'An AuthorizationPolicy that allows says whom: each of its rules names callers.',
  fix: 'give each rule a from with the principals (cluster.local/ns/<namespace>/sa/<account>) that call; where everybody is meant to, say why in the annotation platform-policy/exposed (at least 10 characters)',
  matches: isAuthorization,
  validate(resource, report) {
    if ((resource.props.at('spec', 'action').text ?? 'ALLOW') !== 'ALLOW') return;
    if (reasonFor(resource, 'platform-policy/exposed')) return;
    for (const rule of resource.props.at('spec', 'rules').items) {
      report.guard(() => {
        const sources = rule.at('from').items.map((one) => one.at('source'));
        if (sources.length === 0) report.violation(rule, 'the rule allows whoever comes');
        for (const source of sources) report.guard(() => judge(source));
      });
    }
    function judge(source: Field) {
      const lists = [
        'principals',
        'requestPrincipals',
        'namespaces',
        'ipBlocks',
        'remoteIpBlocks',
        'serviceAccounts',
      ];
      const named = lists.flatMap((key) => source.at(key).items);
      if (named.length === 0) report.violation(source, 'the source names nobody');
      for (const one of [...source.at('principals').items, ...source.at('namespaces').items]) {
        if (isAnyone(one.text ?? '')) report.violation(one, `'${one.text}' is everybody`);
      }
    }
  },
};

/** Namespaces of the stack whose pods get a sidecar and that hold pods of the stack. */
function meshNamespaces(stack: Resource[]): Resource[] {
  return stack.filter((one) => {
    if (!isOf(one, 'core', 'Namespace')) return false;
    const label = one.props.at('metadata', 'labels', 'istio-injection');
    return !label.unknown && label.text === 'enabled';
  });
}

const isForAll = (resource: Resource) => !resource.props.at('spec', 'selector').exists;

const meshGuarded: StackRule = {
  scope: 'stack',
  name: 'mesh-guarded',
  item: 'authorisation/service-to-service',
  severity: 'high',
  level: 'mandatory',
  description: 'A namespace of the mesh takes mutual TLS only, and allows nothing that no policy allows.',
  fix: 'add to the namespace a PeerAuthentication without selector and with mtls.mode: STRICT, and an AuthorizationPolicy with an empty spec',
  validate(stack, report) {
    for (const namespace of meshNamespaces(stack)) {
      const one = report.on(namespace);
      one.guard(() => {
        const name = namespace.props.at('metadata', 'name').text ?? namespace.name;
        if (!stack.some((resource) => ownsPods(resource) && namespaceOf(resource) === name)) return;
        const within = stack.filter(
          (resource) =>
            (isAuthorization(resource) || security('PeerAuthentication')(resource)) &&
            namespaceOf(resource) === name &&
            isForAll(resource),
        );
        const strict = within.some((resource) => resource.props.at('spec', 'mtls', 'mode').text === 'STRICT');
        if (!strict) one.violation('metadata.labels', `namespace ${name} takes plain traffic`);
        const closed = within.some(
          (resource) =>
            isAuthorization(resource) &&
            (resource.props.at('spec', 'action').text ?? 'ALLOW') === 'ALLOW' &&
            resource.props.at('spec', 'rules').items.length === 0,
        );
        if (!closed) one.violation('metadata.labels', `namespace ${name} allows whatever no policy names`);
      });
    }
  },
};

const tokensVerified: ResourceRule = {
  scope: 'resource',
  name: 'tokens-verified',
  item: 'authentication/jwt',
  severity: 'high',
  level: 'mandatory',
  description:
    'Who checks tokens at the edge checks issuer, audience and expiry, and lets nobody in without one.',
  fix: "Istio: give each jwtRule an issuer, audiences and a jwksUri; Kong's jwt plugin: claims_to_verify: [exp] and no anonymous consumer",
  matches: (resource) =>
    security('RequestAuthentication')(resource) ||
    isOf(resource, 'configuration.konghq.com', 'KongPlugin') ||
    isOf(resource, 'configuration.konghq.com', 'KongClusterPlugin'),
  validate(resource, report) {
    if (resource.kind !== 'RequestAuthentication') {
      if (resource.props.at('plugin').text !== 'jwt') return;
      const config = resource.props.at('config');
      const claims = config.at('claims_to_verify').items.map(({ text }) => text);
      if (!claims.includes('exp'))
        report.violation(config.at('claims_to_verify'), 'expired tokens are taken');
      if (config.at('anonymous').text) report.violation(config.at('anonymous'), 'who has no token is let in');
      return;
    }
    for (const rule of resource.props.at('spec', 'jwtRules').items) {
      report.guard(() => {
        if (!rule.at('issuer').text) report.violation(rule.at('issuer'), 'any issuer is trusted');
        if (rule.at('audiences').items.length === 0)
          report.violation(rule.at('audiences'), 'tokens for others are taken');
        if (!rule.at('jwksUri').isGiven && !rule.at('jwks').isGiven)
          report.violation(rule.at('jwksUri'), 'there is no key to check with');
      });
    }
  },
};

const defaultFilters = ['local_ratelimit', 'buffer', 'compressor'].map(
  (name) => `envoy.filters.http.${name}`,
);
const places = ['HTTP_FILTER', 'VIRTUAL_HOST', 'HTTP_ROUTE', 'NETWORK_FILTER'];
/** What of the connection manager may be changed: the form of its own answers. */
const harmlessSettings = ['@type', 'local_reply_config'];

/** Envoy goes by the type of a filter's configuration; the name beside it may be anything. */
const filterOf = (name: string, configuration: Field): string => {
  const type = configuration.at('@type').text ?? '';
  const found = /\.extensions\.filters\.http\.(\w+)\./.exec(type)?.[1];
  return found ? `envoy.filters.http.${found}` : name;
};

const envoyFilterBounded: ResourceRule = {
  scope: 'resource',
  name: 'envoy-filter-bounded',
  item: 'authorisation/endpoints',
  severity: 'high',
  level: 'mandatory',
  description:
    'An EnvoyFilter, which could switch off every other check, adds only filters that are on the list.',
  fix: 'use a resource of Istio for it; a filter that must be has to be on the list of the settings, patch HTTP_FILTER, VIRTUAL_HOST or HTTP_ROUTE, and select its workload; of the connection manager only local_reply_config',
  settings: {
    filters: {
      type: 'array',
      items: { type: 'string' },
      description: `filters that may be added (default: ${defaultFilters.join(', ')})`,
    },
  },
  matches: (resource) => isOf(resource, 'networking.istio.io', 'EnvoyFilter'),
  validate(resource, report, settings) {
    const allowed = listSetting(settings, 'filters', defaultFilters);
    const spec = resource.props.at('spec');
    report.guard(() => {
      const selector = spec.at('workloadSelector', 'labels');
      if (selector.entries.length === 0) report.violation(selector, 'it is put into every proxy');
    });
    for (const patch of spec.at('configPatches').items) {
      report.guard(() => {
        const place = patch.at('applyTo');
        if (!places.includes(place.text ?? '')) return report.violation(place, `it patches ${place.text}`);
        const value = patch.at('patch', 'value');
        const operation = patch.at('patch', 'operation').text ?? '';
        if (['REMOVE', 'REPLACE'].includes(operation))
          return report.violation(
            patch.at('patch', 'operation'),
            `it may ${operation.toLowerCase()} a check`,
          );
        if (place.text === 'NETWORK_FILTER') {
          const settings = value.at('typed_config').entries.map(([name]) => name);
          const other = settings.find((name) => !harmlessSettings.includes(name));
          if (operation !== 'MERGE' || settings.length === 0 || other)
            report.violation(value, `it changes ${other ?? 'a whole filter'} of connections`);
          return;
        }
        const filters =
          place.text === 'HTTP_FILTER'
            ? [filterOf(value.at('name').text ?? '', value.at('typed_config'))]
            : value.at('typed_per_filter_config').entries.map(([name, each]) => filterOf(name, each));
        for (const name of filters) {
          if (!allowed.includes(name)) report.violation(value, `filter '${name}' is not on the list`);
        }
      });
    }
  },
};

export const authorisationRules = [namedCallers, meshGuarded, tokensVerified, envoyFilterBounded];
