// What the API gateway lets through: Gateway API and Kong's plug-ins, Ingress, and Istio's own gateway.
import type { Field } from '../fields';
import type { Resource, ResourceReport, ResourceRule, StackRule } from '../rule';
import { clusterName, isOf, namespaceOf, reasonFor } from '../workloads';

export const publicAnnotation = 'platform-policy/public';

const isRoute = (resource: Resource) => isOf(resource, 'gateway.networking.k8s.io', 'HTTPRoute');
const isIngress = (resource: Resource) => isOf(resource, 'networking.k8s.io', 'Ingress');
const kong = (kind: string) => (resource: Resource) => isOf(resource, 'configuration.konghq.com', kind);

const note = (resource: Resource, key: string) => resource.props.at('metadata', 'annotations', key);
const wordsOf = (field: Field) => (field.text ?? '').split(/[\s,]+/).filter(Boolean);

/** Kinds of the plug-ins that work on a route: named by annotation, by filter, or global. @throws UnknownValue */
function pluginsOf(route: Resource, stack: Resource[]): Set<string> {
  const byFilter = route.props
    .at('spec', 'rules')
    .items.map((rule) =>
      rule.at('filters').items.map((filter) => filter.at('extensionRef', 'name').text ?? ''),
    );
  // A filter that not every rule has guards only part of the route.
  const everywhere = (byFilter[0] ?? []).filter((name) => byFilter.every((names) => names.includes(name)));
  const names = new Set([...wordsOf(note(route, 'konghq.com/plugins')), ...everywhere]);
  const plugins = new Set<string>();
  for (const resource of stack) {
    const own = kong('KongPlugin')(resource) && namespaceOf(resource) === namespaceOf(route);
    const shared = kong('KongClusterPlugin')(resource);
    if (!own && !shared) continue;
    const isGlobal = shared && resource.props.at('metadata', 'labels', 'global').text === 'true';
    const isOff = resource.props.at('disabled').value === true;
    if (!isOff && (isGlobal || names.has(clusterName(resource))))
      plugins.add(resource.props.at('plugin').text ?? '');
  }
  return plugins;
}

const eachRoute = (
  stack: Resource[],
  on: (resource: Resource) => ResourceReport,
  check: (route: Resource, report: ResourceReport) => void,
) => {
  for (const route of stack.filter((one) => isRoute(one) || (isIngress(one) && isKong(one)))) {
    const report = on(route);
    report.guard(() => check(route, report));
  }
};

const isKong = (ingress: Resource) => {
  const name = ingress.props.at('spec', 'ingressClassName');
  return !name.unknown && name.text === 'kong';
};

const tokenPlugins = ['jwt', 'oauth2', 'key-auth', 'basic-auth', 'hmac-auth', 'mtls-auth', 'openid-connect'];

const routeAuthenticated: StackRule = {
  scope: 'stack',
  name: 'gateway-route-authenticated',
  item: 'authorisation/endpoints',
  severity: 'high',
  level: 'mandatory',
  description: 'A route of the gateway asks for a token unless it is declared public.',
  fix: `name a KongPlugin of kind jwt in the annotation konghq.com/plugins of the route; what is meant for everybody says why in the annotation ${publicAnnotation} (at least 10 characters)`,
  validate(stack, report) {
    eachRoute(stack, report.on.bind(report), (route, one) => {
      if (reasonFor(route, publicAnnotation)) return;
      const plugins = pluginsOf(route, stack);
      if (!tokenPlugins.some((kind) => plugins.has(kind)))
        one.violation(
          note(route, 'konghq.com/plugins'),
          'the route asks for no token and is not declared public',
        );
    });
  },
};

const routeLimited: StackRule = {
  scope: 'stack',
  name: 'gateway-route-limited',
  item: 'infrastructure/ddos-protection',
  severity: 'high',
  level: 'mandatory',
  description: 'Every route of the gateway has a rate limit, public or not.',
  fix: 'name a KongPlugin of kind rate-limiting in the annotation konghq.com/plugins of the route',
  validate(stack, report) {
    eachRoute(stack, report.on.bind(report), (route, one) => {
      const plugins = pluginsOf(route, stack);
      if (!['rate-limiting', 'rate-limiting-advanced'].some((kind) => plugins.has(kind)))
        one.violation(note(route, 'konghq.com/plugins'), 'the route has no rate limit');
    });
  },
};

const gatewayEncrypted: ResourceRule = {
  scope: 'resource',
  name: 'gateway-encrypted',
  item: 'infrastructure/tls-termination',
  severity: 'high',
  level: 'mandatory',
  description: 'Plain HTTP at the edge is redirected to HTTPS, whatever gateway stands there.',
  fix: 'Istio Gateway: tls.httpsRedirect: true on the HTTP server beside an HTTPS one; Kong: the annotation konghq.com/protocols: https on the route; Ingress: spec.tls',
  matches: (resource) =>
    isRoute(resource) ||
    isIngress(resource) ||
    isOf(resource, 'networking.istio.io', 'Gateway') ||
    isOf(resource, 'gateway.networking.k8s.io', 'Gateway'),
  validate(resource, report) {
    const { props } = resource;
    if (isIngress(resource)) {
      const tls = props.at('spec', 'tls');
      if (tls.items.length === 0) report.violation(tls, 'the ingress has no certificate');
    } else if (isRoute(resource)) {
      const at = note(resource, 'konghq.com/protocols');
      const words = wordsOf(at);
      if (!words.includes('https') || words.includes('http'))
        report.violation(at, 'the route answers plain HTTP');
    } else if (isOf(resource, 'networking.istio.io', 'Gateway')) {
      for (const server of props.at('spec', 'servers').items) {
        report.guard(() => {
          if (!/^(HTTP|HTTP2|GRPC|TCP)$/.test(server.at('port', 'protocol').text ?? '')) return;
          const at = server.at('tls', 'httpsRedirect');
          if (at.value !== true)
            report.violation(at, `port ${server.at('port', 'number').text} answers plain`);
        });
      }
    } else {
      for (const listener of props.at('spec', 'listeners').items) {
        report.guard(() => {
          // Kong redirects per route; a plain listener is where it takes the request to be redirected.
          const encrypted =
            listener.at('protocol').text === 'HTTPS' || listener.at('protocol').text === 'TLS';
          if (encrypted && listener.at('tls', 'certificateRefs').items.length === 0)
            report.violation(listener.at('tls'), `listener ${listener.at('name').text} has no certificate`);
        });
      }
    }
  },
};

export const gatewayRules = [routeAuthenticated, routeLimited, gatewayEncrypted];
