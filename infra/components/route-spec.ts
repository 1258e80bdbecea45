// How requests from outside reach a service: Istio's VirtualService at the front door, as pure functions.
import { type Match, type TrafficArgs, type VirtualServiceSpec, versionRoutes } from './traffic-spec';

export interface RouteArgs extends TrafficArgs {
  /** Host names of the front door; ['*'] = any. */
  hosts: string[];
  /** The Istio Gateway, in the same namespace. */
  gateway: string;
  /** Each path and what is below it. */
  paths: string[];
  /** True when weights belong to the release tool. @default false */
  releaseManaged?: boolean;
}

/** A path itself and everything below it, but not its longer neighbours (`/v1/orders` is not `/v1/orders-old`). */
const pathMatches = (paths: string[]): Match[] =>
  paths.flatMap((path) => [{ uri: { exact: path } }, { uri: { prefix: `${path}/` } }]);

export const virtualServiceSpec = (args: RouteArgs): VirtualServiceSpec => ({
  hosts: args.hosts,
  gateways: [args.gateway],
  http: versionRoutes(args, pathMatches(args.paths)),
});
