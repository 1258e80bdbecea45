// What all ways to a service have in common: how a request is given to one of its versions, and the limits of the proxies that call it.
import type { IDestinationRule, IVirtualService } from '@kubernetes-models/istio/networking.istio.io/v1beta1';
import { assertInRange, type Colour, colours } from './names';

// Kubernetes' own name for the API is networking.istio.io/v1; its schema is that of v1beta1, for which there are types.
export type VirtualServiceSpec = NonNullable<IVirtualService['spec']>;
export type DestinationRuleSpec = NonNullable<IDestinationRule['spec']>;
export type HttpRoute = NonNullable<VirtualServiceSpec['http']>[number];
export type Match = NonNullable<HttpRoute['match']>[number];
type Destinations = NonNullable<HttpRoute['route']>;

/** Limits of a proxy towards the service. Durations as Istio writes them ("30s"). */
export interface TrafficFigures {
  maxConnections: number;
  http1MaxPendingRequests: number;
  /** 0 = a connection is used for ever. */
  maxRequestsPerConnection: number;
  consecutive5xxErrors: number;
  interval: string;
  baseEjectionTime: string;
  /** Percent. */
  maxEjectionPercent: number;
  timeout: string;
}

export interface TrafficArgs {
  namespace: string;
  /** Service in front of the pods of both colours; also their label `app`. */
  app: string;
  traffic: TrafficFigures;
}

/** Requests with this header are delayed, a thousandth of them: the chaos test's way in, shut for everybody else. */
const faultHeader: Match = { headers: { 'test-fault': { exact: 'delay' } } };
const secondVersionHeader: Match = { headers: { version: { exact: 'v2' } } };
const delay: HttpRoute['fault'] = { delay: { fixedDelay: '5s', percentage: { value: 0.1 } } };

/** Share of the colours at birth: all on blue, which carries v1 then. The release tool moves it. */
const birthWeights: Record<Colour, number> = { blue: 100, green: 0 };

export const serviceHost = (args: Pick<TrafficArgs, 'app' | 'namespace'>) =>
  `${args.app}.${args.namespace}.svc.cluster.local`;

/** Routes of the requests matched; none = of all. */
function routesOf(args: TrafficArgs, requests: Match[]) {
  const narrowed = (...by: Match[]): Match[] =>
    (requests.length > 0 || by.length === 0 ? requests : [{}]).map((match) => ({
      ...match,
      ...(by.length ? { headers: Object.assign({}, ...by.map((one) => one.headers)) } : {}),
    }));
  const second: Destinations = [{ destination: { host: serviceHost(args), subset: 'v2' } }];
  const live: Destinations = colours.map((colour) => ({
    destination: { host: serviceHost(args), subset: colour },
    weight: birthWeights[colour],
  }));
  const route = (name: string, match: Match[], to: Destinations, fault?: HttpRoute['fault']): HttpRoute => ({
    name,
    ...(match.length > 0 ? { match } : {}),
    ...(fault ? { fault } : {}),
    route: to,
    timeout: args.traffic.timeout,
    // Only what certainly was not handled is sent again: an order must not be placed twice by a proxy.
    retries: { attempts: 2, retryOn: 'connect-failure,refused-stream' },
  });
  return {
    delayedSecond: route('delayed-v2', narrowed(faultHeader, secondVersionHeader), second, delay),
    delayedLive: route('delayed', narrowed(faultHeader), live, delay),
    second: route('v2', narrowed(secondVersionHeader), second),
    live: route('live', narrowed(), live),
    delayedAllSecond: route('delayed-v2', narrowed(faultHeader), second, delay),
    allSecond: route('v2', narrowed(), second),
  };
}

/**
 * Istio takes the first route that matches, so the narrow ones come first: a fault belongs to a route of its own, and a version
 * asked for goes before the colours' weights.
 *
 * @param requests those it is about; none = all
 */
export function versionRoutes(args: TrafficArgs, requests: Match[] = []): HttpRoute[] {
  const { delayedSecond, delayedLive, second, live } = routesOf(args, requests);
  return [delayedSecond, delayedLive, second, live];
}

/** Requests whose path has said already that they are for v2. */
export function secondVersionRoutes(args: TrafficArgs, requests: Match[]): HttpRoute[] {
  const { delayedAllSecond, allSecond } = routesOf(args, requests);
  return [delayedAllSecond, allSecond];
}

/** The way of calls inside the mesh: the same versions and weights as from outside, whatever the path. */
export const meshRouteSpec = (args: TrafficArgs): VirtualServiceSpec => ({
  hosts: [serviceHost(args)],
  gateways: ['mesh'],
  http: versionRoutes(args),
});

export function destinationRuleSpec(args: TrafficArgs): DestinationRuleSpec {
  const { traffic } = args;
  assertInRange(`${args.app} mesh.maxConnections`, traffic.maxConnections, { min: 1, max: 100_000 });
  assertInRange(`${args.app} mesh.maxEjectionPercent`, traffic.maxEjectionPercent, { min: 0, max: 100 });
  return {
    host: serviceHost(args),
    trafficPolicy: {
      connectionPool: {
        tcp: { maxConnections: traffic.maxConnections },
        http: {
          http1MaxPendingRequests: traffic.http1MaxPendingRequests,
          maxRequestsPerConnection: traffic.maxRequestsPerConnection,
        },
      },
      outlierDetection: {
        consecutive5xxErrors: traffic.consecutive5xxErrors,
        interval: traffic.interval,
        baseEjectionTime: traffic.baseEjectionTime,
        maxEjectionPercent: traffic.maxEjectionPercent,
      },
    },
    subsets: [
      ...['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
      ...colours.map((colour) => ({ name: colour as string, labels: { colour: colour as string } })),
    ],
  };
}

/** Where the weights stand: the fields the release tool owns. */
export function weightPaths(spec: VirtualServiceSpec): string[] {
  return (spec.http ?? []).flatMap((route, r) =>
    (route.route ?? []).flatMap((destination, d) =>
      destination.weight === undefined ? [] : [`spec.http[${r}].route[${d}].weight`],
    ),
  );
}
