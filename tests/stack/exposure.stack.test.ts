// What can be reached from outside, by which methods and on which terms: read off the rendered program, whichever gateway it has, and
// compared with what the catalogue says.
import { loadCatalogue } from '../../infra/catalog/load';
import { environments } from '../../infra/catalog/schema';
import { type Rendered, render, type Stack } from './stack';

jest.setTimeout(180_000);

/** `GET /v1/orders (version: v2) → order-service, token` */
const row = (method: string, path: string, header: string | undefined, app: string, terms: string) =>
  `${method} ${path}${header ? ` (version: ${header})` : ''} → ${app}, ${terms}`;

const methodsOf = (match: Rendered): string[] =>
  (match.method?.exact ?? match.method?.regex ?? '*').split('|');
const isGuardedBy = (guard: Rendered, method: string, path: string) =>
  guard.directResponse?.status === 401 &&
  guard.match.some((match: Rendered) => match.uri.exact === path && methodsOf(match).includes(method));

/** Istio: routes of the front door's VirtualServices that lead somewhere. The version header always chooses pods, so it is no row. */
function exposedByIstio(stack: Stack): string[] {
  const rows = stack
    .all('VirtualService')
    .filter(({ spec }) => spec.gateways.includes('front-door'))
    .flatMap(({ spec }) =>
      spec.http.flatMap((route: Rendered, i: number) =>
        (route.route ? route.match : []).flatMap((match: Rendered) =>
          methodsOf(match).flatMap((method) => {
            const path = match.uri.exact;
            if (path === undefined) return [];
            const guarded = spec.http
              .slice(0, i)
              .some((earlier: Rendered) => isGuardedBy(earlier, method, path));
            const app = route.route[0].destination.host.split('.')[0];
            return [row(method, path, undefined, app, guarded ? 'token' : 'open')];
          }),
        ),
      ),
    );
  return [...new Set(rows)].sort();
}

/** Kong: matches of HTTPRoutes, with the plugin that asks for tokens or without. */
const exposedByKong = (stack: Stack): string[] =>
  stack
    .all('HTTPRoute')
    .flatMap(({ metadata, spec }) => {
      const plugins: string[] = metadata.annotations['konghq.com/plugins'].split(',');
      const asks = plugins.some((name) => stack.one('KongPlugin', name).plugin === 'jwt');
      return spec.rules.flatMap(({ matches, backendRefs }: Rendered) =>
        matches.map(({ method, path, headers }: Rendered) =>
          row(method, path.value, headers?.[0].value, backendRefs[0].name, asks ? 'token' : 'open'),
        ),
      );
    })
    .sort();

/** The catalogue's own words, without the help of any renderer. */
function declared(environment: (typeof environments)[number], byHeader: boolean): string[] {
  const rows = loadCatalogue(environment).flatMap(({ name, routes }) =>
    routes.flatMap(({ path, versions, methods, authentication }) => {
      const terms = authentication === 'token' ? 'token' : 'open';
      const all = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
      return all.flatMap((method) => [
        row(method, path, undefined, `${name}-service`, terms),
        ...versions.map((version) => row(method, `/${version}${path}`, undefined, `${name}-service`, terms)),
        ...(byHeader ? versions.slice(1) : []).map((version) =>
          row(method, path, version, `${name}-service`, terms),
        ),
      ]);
    }),
  );
  return rows.sort();
}

describe.each(environments)('from outside of %s', (name) => {
  const rendered = new Map<string, Promise<Stack>>();
  const stackWith = (gateway: string) => {
    const config = { 'ecommerce-platform:gateway': gateway };
    const stack = rendered.get(gateway) ?? render(name, { policies: false, config });
    rendered.set(gateway, stack);
    return stack;
  };

  test('Istio lets in what the catalogue declares, and nothing else', async () => {
    expect(exposedByIstio(await stackWith('istio'))).toEqual(declared(name, false));
  });

  test('Kong lets in what the catalogue declares, and nothing else', async () => {
    expect(exposedByKong(await stackWith('kong'))).toEqual(declared(name, true));
  });

  test.each(['istio', 'kong'])('there is no way around the gateway (%s)', async (gateway) => {
    const stack = await stackWith(gateway);
    // Kong's status port, which answers how Kong is and forwards nothing.
    const open = stack.all('Service').filter(({ spec }) => spec.type !== 'ClusterIP');
    const asked = gateway === 'kong' && name !== 'local' ? [['kong', [8100]]] : [];
    expect(
      open.map(({ metadata, spec }) => [metadata.namespace, spec.ports.map(({ port }: Rendered) => port)]),
    ).toEqual(asked);
    expect(stack.all('Ingress')).toEqual([]);
    const doors = stack.all('Gateway').map(({ metadata }) => metadata.name);
    expect(doors).toEqual(['front-door']);
    const others = gateway === 'istio' ? ['HTTPRoute', 'KongPlugin'] : ['EnvoyFilter'];
    expect(others.flatMap((kind) => stack.all(kind))).toEqual([]);
  });

  test('nobody’s cart, orders, payments, shipments, notifications or account are open, nor is the stock', () => {
    const open = declared(name, false).filter((each) => each.endsWith(', open'));
    const closed =
      / (?:\/v\d+)?\/(cart|inventory|notifications|orders|payments|shipments|shipping\/|users\/me)/;
    expect(open.filter((each) => closed.test(each))).toEqual([]);
    expect(open.filter((each) => /^(POST|PUT|PATCH|DELETE)/.test(each))).toEqual([
      'POST /oauth → user-service, open',
      'POST /sessions → user-service, open',
      'POST /users → user-service, open',
      'POST /v1/oauth → user-service, open',
      'POST /v1/sessions → user-service, open',
      'POST /v1/users → user-service, open',
      'POST /v1/webhooks/paypal → payment-service, open',
      'POST /v1/webhooks/square → payment-service, open',
      'POST /v1/webhooks/stripe → payment-service, open',
      'POST /webhooks/paypal → payment-service, open',
      'POST /webhooks/square → payment-service, open',
      'POST /webhooks/stripe → payment-service, open',
    ]);
  });
});

describe('every environment’s gateway', () => {
  test.each([
    ['local', 'istio'],
    ['staging', 'kong'],
    ['production', 'kong'],
  ] as const)('%s has %s', async (name, gateway) => {
    const stack = await render(name, { policies: false });
    expect(stack.all('HTTPRoute').length > 0).toBe(gateway === 'kong');
    expect(stack.all('EnvoyFilter').length > 0).toBe(gateway === 'istio');
  });
});
