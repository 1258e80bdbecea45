import { type Rendered, render, type Stack } from './stack';

jest.setTimeout(180_000);

const app = (workload: Rendered): string => workload.spec.template.metadata.labels.app;
const callers = (policy: Rendered): { who: string; port: string }[] =>
  (policy.spec.rules ?? []).map((rule: Rendered) => ({
    who: rule.from[0].source.principals[0],
    port: rule.to[0].operation.ports[0],
  }));

/** Those that let callers in; others refuse what tokens do not allow. */
const admissions = (stack: Stack) =>
  stack.all('AuthorizationPolicy').filter(({ spec }) => spec.action !== 'DENY');

describe.each(['local', 'staging', 'production'])('the mesh of the %s stack', (name) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await render(name, { policies: false });
  });

  test('takes in every pod of the namespace, with mutual TLS and nobody let in by default', () => {
    expect(stack.one('Namespace', 'ecommerce-platform').metadata.labels['istio-injection']).toBe('enabled');
    expect(stack.one('PeerAuthentication', 'default').spec).toEqual({ mtls: { mode: 'STRICT' } });
    expect(stack.one('AuthorizationPolicy', 'allow-nothing').spec).toEqual({});
  });

  test('knows every workload by an identity of its own name, its callers and those it calls', () => {
    for (const workload of stack.workloads()) {
      expect(workload.spec.template.spec.serviceAccountName).toBe(app(workload));
      const selected = { matchLabels: { app: app(workload) } };
      expect(stack.one('AuthorizationPolicy', app(workload)).spec.selector).toEqual(selected);
      expect(stack.one('Sidecar', app(workload)).spec.workloadSelector.labels).toEqual(selected.matchLabels);
    }
  });

  const door = name === 'local' ? 'istio-ingress/sa/istio-ingressgateway' : 'kong/sa/kong';

  test('lets in over the mesh exactly whom the network lets in, on the same port', () => {
    for (const policy of admissions(stack).filter(({ spec }) => spec.selector)) {
      // No proxy carries UDP.
      const network = stack
        .one('NetworkPolicy', policy.metadata.name)
        .spec.ingress.filter(({ ports }: Rendered) => ports[0].protocol === 'TCP');
      expect(callers(policy).map(({ port }) => Number(port))).toEqual(
        network.map(({ ports }: Rendered) => ports[0].port),
      );
      const apps = network.map(({ from }: Rendered) => from[0].podSelector.matchLabels.app);
      expect(callers(policy).map(({ who }) => who.replace(/^.*\/ns\/ecommerce-platform\/sa\//, ''))).toEqual(
        apps.map((one?: string) => one ?? `cluster.local/ns/${door}`),
      );
    }
  });

  test('a caller’s proxy knows whoever lets it in, and no caller is let in that does not know the way', () => {
    const sidecars = new Map<string, string[]>(
      stack.all('Sidecar').map(({ metadata, spec }) => [metadata.name, spec.egress[0].hosts]),
    );
    for (const policy of admissions(stack)) {
      for (const { who } of callers(policy).filter((one) => one.who.includes('/ns/ecommerce-platform/'))) {
        // Some let in a Job that only runs while a password is changed.
        const hosts = sidecars.get(who.split('/').pop() as string) ?? [`./${policy.metadata.name}.`];
        expect(hosts.filter((host) => host.startsWith(`./${policy.metadata.name}`))).not.toEqual([]);
      }
    }
  });

  test('splits calls between services as those from outside', () => {
    for (const service of stack.result.outputs.services as string[]) {
      const { http } = stack.one('VirtualService', `${service}-mesh`).spec;
      expect(http.map((route: Rendered) => route.name)).toEqual(['delayed-v2', 'delayed', 'v2', 'live']);
      expect(stack.one('DestinationRule', service).spec.host).toBe(http[3].route[0].destination.host);
    }
  });

  test('says the protocol of every port', () => {
    const ports = stack.all('Service').flatMap(({ spec }) => spec.ports);
    expect(ports.filter(({ appProtocol }) => !appProtocol)).toEqual([]);
  });
});

test('proxies trace with the provider the mesh is installed with, may reach its collector, and never use Istio’s own metrics', async () => {
  const stack = await render('staging', {
    policies: false,
    config: {
      'ecommerce-platform:tracingProvider': 'collector',
      'ecommerce-platform:tracingCollector': 'otel-collector:4317',
    },
  });
  const { spec } = stack.one('Telemetry', 'telemetry');
  expect(spec.tracing).toEqual([{ providers: [{ name: 'collector' }], randomSamplingPercentage: 1 }]);
  expect(spec).not.toHaveProperty('metrics');
  const istiod = stack.all('Release').find(({ name }) => name === 'istiod');
  expect(istiod.values.meshConfig.extensionProviders).toEqual([
    {
      name: spec.tracing[0].providers[0].name,
      opentelemetry: { service: 'otel-collector.istio-system.svc.cluster.local', port: 4317 },
    },
  ]);
  expect(stack.one('NetworkPolicy', 'mesh-proxies').spec.egress).toContainEqual({
    to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'istio-system' } } }],
    ports: [{ protocol: 'TCP', port: 4317 }],
  });
});
