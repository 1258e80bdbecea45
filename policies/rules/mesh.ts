// Istio says yes to routes that never match, weights that do not add up and subsets nobody defined: these rules do not.
import type { Field } from '../fields';
import type { Resource, ResourceRule, StackRule } from '../rule';
import { clusterName, isOf, namespaceOf } from '../workloads';

const isVirtualService = (resource: Resource) => isOf(resource, 'networking.istio.io', 'VirtualService');
const isDestinationRule = (resource: Resource) => isOf(resource, 'networking.istio.io', 'DestinationRule');

/** Whether one entry of `match` lets every request through: no condition, or only the prefix '/'. */
function matchesAll(match: Field): boolean {
  return match.entries.every(([key, condition]) => {
    if (key === 'name') return true;
    if (key === 'uri') return condition.at('prefix').text === '/' || condition.at('regex').text === '.*';
    return condition.value === undefined || condition.entries.length === 0;
  });
}

function isCatchAll(route: Field): boolean {
  const matches = route.at('match').items;
  return matches.length === 0 || matches.some(matchesAll);
}

const routeOrder: ResourceRule = {
  scope: 'resource',
  name: 'route-order',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description: 'Routes of a VirtualService are tried in order: none stands behind one that takes everything.',
  fix: 'put the route that matches everything last and the narrower ones before it',
  matches: isVirtualService,
  validate(resource, report) {
    for (const protocol of ['http', 'tcp', 'tls']) {
      report.guard(() => {
        const routes = resource.props.at('spec', protocol).items;
        const first = routes.findIndex(isCatchAll);
        if (first < 0) return;
        for (const dead of routes.slice(first + 1)) {
          report.violation(dead, `the route is never reached: ${routes[first]?.path} takes every request`);
        }
      });
    }
  },
};

const faultRouteGuarded: ResourceRule = {
  scope: 'resource',
  name: 'fault-route-guarded',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description: 'Faults are injected only into requests that ask for them by header.',
  fix: 'move the fault to a route of its own, before the others, that matches a header (such as test-fault)',
  matches: isVirtualService,
  validate(resource, report) {
    for (const route of resource.props.at('spec', 'http').items) {
      report.guard(() => {
        if (!route.at('fault').exists) return;
        const matches = route.at('match').items;
        const asked = matches.length > 0 && matches.every((match) => match.at('headers').entries.length > 0);
        if (!asked)
          report.violation(route.at('fault'), 'a fault is injected into requests that did not ask for it');
      });
    }
  },
};

const routeWeights: ResourceRule = {
  scope: 'resource',
  name: 'route-weights',
  item: 'compliance/soc2',
  severity: 'medium',
  level: 'mandatory',
  description: 'The weights of a route add up to 100, so that a weight is a percentage.',
  fix: 'set weights of 0 to 100 on all destinations of the route that add up to 100',
  matches: isVirtualService,
  validate(resource, report) {
    for (const protocol of ['http', 'tcp', 'tls']) {
      for (const route of resource.props.at('spec', protocol).items) {
        report.guard(() => {
          const destinations = route.at('route').items;
          const weights = destinations.map((one) => one.at('weight').number);
          if (destinations.length < 2 && weights.every((weight) => weight === undefined || weight === 100))
            return;
          const sum = weights.reduce<number>((total, weight) => total + (weight ?? 0), 0);
          if (sum !== 100) report.violation(route.at('route'), `the weights add up to ${sum}`);
        });
      }
    }
  },
};

/** `x`, `x.ns`, `x.ns.svc` and `x.ns.svc.cluster.local` are hosts of the cluster; one with other dots is not. */
function isOutside(host: string): boolean {
  const [, , third] = host.split('.');
  return third !== undefined && third !== 'svc';
}

function fullHost(host: string, namespace: string): string {
  if (isOutside(host)) return host;
  const [name, space = namespace] = host.split('.');
  return `${name}.${space}`;
}

const subsetExists: StackRule = {
  scope: 'stack',
  name: 'subset-exists',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description: 'A subset that a route sends traffic to is defined by a DestinationRule of that host.',
  fix: 'add the subset to the DestinationRule of the host, or correct its name in the route',
  validate(stack, report) {
    for (const service of stack.filter(isVirtualService)) {
      const one = report.on(service);
      one.guard(() => {
        const namespace = namespaceOf(service);
        const defined = (host: string) =>
          stack.filter(isDestinationRule).flatMap((rule) => {
            const spec = rule.props.at('spec');
            return fullHost(spec.at('host').text ?? '', namespaceOf(rule)) === host
              ? spec.at('subsets').items.map((subset) => subset.at('name').text)
              : [];
          });
        for (const destination of destinations(service)) {
          one.guard(() => {
            const subset = destination.at('subset');
            if (!subset.exists) return;
            const host = destination.at('host').text ?? '';
            if (!defined(fullHost(host, namespace)).includes(subset.text)) {
              one.violation(subset, `no DestinationRule of host ${host} defines subset ${subset.text}`);
            }
          });
        }
      });
    }
  },
};

function destinations(service: Resource): Field[] {
  return ['http', 'tcp', 'tls'].flatMap((protocol) =>
    service.props
      .at('spec', protocol)
      .items.flatMap((route) => [
        ...route.at('route').items.map((one) => one.at('destination')),
        ...(route.at('mirror').exists ? [route.at('mirror')] : []),
        ...route.at('mirrors').items.map((one) => one.at('destination')),
      ]),
  );
}

const meshEncryption: ResourceRule = {
  scope: 'resource',
  name: 'mesh-encryption',
  item: 'authorisation/service-to-service',
  severity: 'high',
  level: 'mandatory',
  description: 'Traffic in the mesh is mutually authenticated: no exception is made in either direction.',
  fix: 'set mtls.mode: STRICT in the PeerAuthentication and remove tls.mode: DISABLE or SIMPLE from the DestinationRule',
  matches: (resource) =>
    isOf(resource, 'security.istio.io', 'PeerAuthentication') || isDestinationRule(resource),
  validate(resource, report) {
    const refuse = (at: Field, modes: string[]) =>
      report.guard(() => {
        if (modes.includes(at.text ?? '')) report.violation(at, `mode ${at.text} lets plain traffic through`);
      });
    const spec = resource.props.at('spec');
    if (isDestinationRule(resource)) {
      // A host outside the cluster is no part of the mesh: TLS without a client certificate is right there.
      const modes = isOutside(spec.at('host').text ?? '') ? ['DISABLE'] : ['DISABLE', 'SIMPLE'];
      refuse(spec.at('trafficPolicy', 'tls', 'mode'), modes);
      for (const port of spec.at('trafficPolicy', 'portLevelSettings').items)
        refuse(port.at('tls', 'mode'), modes);
      return;
    }
    refuse(spec.at('mtls', 'mode'), ['DISABLE', 'PERMISSIVE']);
    for (const [, port] of spec.at('portLevelMtls').entries)
      refuse(port.at('mode'), ['DISABLE', 'PERMISSIVE']);
  },
};

const gatewayTls: ResourceRule = {
  scope: 'resource',
  name: 'gateway-tls',
  item: 'data/in-transit',
  severity: 'high',
  level: 'mandatory',
  description: 'Where a gateway ends TLS it speaks TLS 1.3 only.',
  fix: 'set tls.minProtocolVersion: TLSV1_3 on the server of the Gateway',
  matches: (resource) => isOf(resource, 'networking.istio.io', 'Gateway'),
  validate(resource, report) {
    for (const server of resource.props.at('spec', 'servers').items) {
      report.guard(() => {
        const mode = server.at('tls', 'mode').text;
        if (mode === undefined || mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH') return;
        const least = server.at('tls', 'minProtocolVersion');
        if (least.text !== 'TLSV1_3')
          report.violation(least, `gateway '${clusterName(resource)}' accepts TLS older than 1.3`);
      });
    }
  },
};

const inMesh = (resource: Resource) =>
  ['networking.istio.io', 'security.istio.io'].some((group) =>
    ['VirtualService', 'DestinationRule', 'PeerAuthentication'].some((kind) => isOf(resource, group, kind)),
  );

/** What Istio reads from a port's name, alone or before a dash. */
const protocols = ['http', 'http2', 'https', 'grpc', 'grpc-web', 'tcp', 'tls', 'mongo', 'mysql', 'redis'];
const saysProtocol = (name: string) => protocols.some((one) => name === one || name.startsWith(`${one}-`));

const portProtocol: StackRule = {
  scope: 'stack',
  name: 'port-protocol',
  item: 'authorisation/service-to-service',
  severity: 'medium',
  level: 'mandatory',
  description:
    'Ports of Services in a mesh say their protocol: one that must be guessed counts as TCP, where rules about paths deny everything.',
  fix: 'set appProtocol (http, grpc, tcp, …) on the port of the Service',
  validate(stack, report) {
    for (const service of stack.filter((one) => isOf(one, 'core', 'Service'))) {
      const one = report.on(service);
      one.guard(() => {
        const namespace = namespaceOf(service);
        if (!stack.some((other) => inMesh(other) && namespaceOf(other) === namespace)) return;
        for (const port of service.props.at('spec', 'ports').items) {
          one.guard(() => {
            if (port.at('protocol').text === 'UDP' || port.at('appProtocol').exists) return;
            if (!saysProtocol(port.at('name').text ?? ''))
              one.violation(port, `port ${port.at('port').number ?? ''} does not say its protocol`);
          });
        }
      });
    }
  },
};

const telemetryProvider: ResourceRule = {
  scope: 'resource',
  name: 'telemetry-provider',
  item: 'compliance/soc2',
  severity: 'high',
  level: 'mandatory',
  description:
    'Telemetry asks proxies only for what every Envoy has: the filter of the prometheus provider is in Istio’s own build alone, and another refuses its whole configuration.',
  fix: 'remove the prometheus provider from metrics and read Envoy’s own figures from port 15090 instead',
  matches: (resource) => isOf(resource, 'telemetry.istio.io', 'Telemetry'),
  validate(resource, report) {
    for (const metrics of resource.props.at('spec', 'metrics').items) {
      report.guard(() => {
        for (const provider of metrics.at('providers').items) {
          const name = provider.at('name');
          if (name.text === 'prometheus')
            report.violation(name, 'provider prometheus breaks proxies of upstream Envoy');
        }
      });
    }
  },
};

export const meshRules = [
  routeOrder,
  faultRouteGuarded,
  routeWeights,
  subsetExists,
  meshEncryption,
  gatewayTls,
  portProtocol,
  telemetryProvider,
];
