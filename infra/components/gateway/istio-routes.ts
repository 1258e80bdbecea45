// The model as Istio routes requests at the front door: one VirtualService per service.
import {
  type HttpRoute,
  type Match,
  secondVersionRoutes,
  type VirtualServiceSpec,
  versionRoutes,
} from '../traffic-spec';
import {
  type Address,
  addressesOf,
  type GatewayRoute,
  type GatewayService,
  type HeaderChanges,
  methodsOf,
  routeName,
  specificFirst,
} from './model';

/** What it says to whoever sends no token; `problems.ts` makes a document of it. */
const tokenMissing = 'Send an access token: Authorization: Bearer <token from POST /v1/sessions>.';

/** The path itself and what is below it, but not its longer neighbours (`/v1/orders` is not `/v1/orders-old`). */
const uriMatches = (path: string): [Match, Match] => [
  { uri: { exact: path } },
  { uri: { prefix: `${path}/` } },
];

const methodMatch = (methods: string[]): Match =>
  methods.length === 1
    ? { method: { exact: methods[0] as string } }
    : { method: { regex: methods.join('|') } };

const pathsOf = (route: GatewayRoute): string[] => [
  ...new Set(addressesOf(route).map((address) => address.path)),
];

/** Requests that name no token: Istio's own answer to them would be 403. */
function withoutToken(app: string, route: GatewayRoute): HttpRoute[] {
  if (route.authentication === 'none') return [];
  return [
    {
      name: routeName(app, route),
      match: pathsOf(route).flatMap((path) =>
        uriMatches(path).map((match) => ({
          ...match,
          ...methodMatch(methodsOf(route)),
          withoutHeaders: { authorization: { prefix: 'Bearer ' } },
        })),
      ),
      directResponse: { status: 401, body: { string: tokenMissing } },
      headers: { response: { set: { 'www-authenticate': 'Bearer' } } },
    },
  ];
}

const operations = ({ set, remove }: HeaderChanges) => ({
  ...(Object.keys(set).length > 0 ? { set } : {}),
  ...(remove.length > 0 ? { remove } : {}),
});

function transformed({ request, response }: GatewayRoute['transform']): Pick<HttpRoute, 'headers'> {
  const changes = { request: operations(request), response: operations(response) };
  const some = Object.entries(changes).filter(([, each]) => Object.keys(each).length > 0);
  return some.length > 0 ? { headers: Object.fromEntries(some) } : {};
}

/** One address, as the service gets it. A rewrite is for a whole route, so the path and what is below it part ways here. */
function forwards(service: GatewayService, route: GatewayRoute, address: Address): HttpRoute[] {
  // The version a header may ask for has its own path, where it is declared.
  const second = addressesOf(route).find(({ path, header }) => path === address.path && header === 'v2');
  const rewrite = (to: HttpRoute, below: string) => {
    const asksForSecond = to.match?.some(({ headers }) => headers && 'version' in headers);
    const { path, forwardedPath } = (asksForSecond && second) || address;
    return path === forwardedPath ? {} : { rewrite: { uri: `${forwardedPath}${below}` } };
  };
  const routesFor = (uris: Match[], below: string) => {
    const requests = uris.map((uri) => ({ ...uri, ...methodMatch(methodsOf(route)) }));
    const routes =
      address.version === 'v2' ? secondVersionRoutes(service, requests) : versionRoutes(service, requests);
    return routes.map((to) => ({
      ...to,
      ...rewrite(to, below),
      ...transformed(route.transform),
      name: routeName(service.app, route),
    }));
  };
  const [itself, inside] = uriMatches(address.path);
  return address.path === address.forwardedPath
    ? routesFor([itself, inside], '')
    : [...routesFor([itself], ''), ...routesFor([inside], '/')];
}

/** What is declared for no method is told which there are. */
function otherMethods(app: string, routes: GatewayRoute[]): HttpRoute[] {
  const byPath = new Map<string, Set<string>>();
  for (const path of new Set(routes.flatMap(pathsOf))) {
    byPath.set(path, new Set(routes.filter((route) => pathsOf(route).includes(path)).flatMap(methodsOf)));
  }
  return [...byPath].map(([path, methods]) => ({
    name: `${app} ${path}`,
    match: uriMatches(path),
    directResponse: { status: 405 },
    headers: { response: { set: { allow: [...methods].join(', ') } } },
  }));
}

export interface IstioRouteArgs {
  service: GatewayService;
  /** Host names of the front door; ['*'] = any. */
  hosts: string[];
  /** The Istio Gateway, in the service's namespace. */
  gateway: string;
}

export function frontDoorRouteSpec({ service, hosts, gateway }: IstioRouteArgs): VirtualServiceSpec {
  const routes = specificFirst(service.routes);
  const paths = [...new Set(routes.map(({ path }) => path))];
  return {
    hosts,
    gateways: [gateway],
    http: paths.flatMap((path) => {
      const ofPath = routes.filter((route) => route.path === path);
      return [
        ...ofPath.flatMap((route) => [
          ...withoutToken(service.app, route),
          ...addressesOf(route)
            .filter(({ header }) => header === undefined)
            .flatMap((address) => forwards(service, route, address)),
        ]),
        ...otherMethods(service.app, ofPath),
      ];
    }),
  };
}
