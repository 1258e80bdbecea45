// What a gateway does, whichever gateway it is: one model, from which each renderer writes its own resources.

import type { TrafficArgs } from '../traffic-spec';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type ApiVersion = 'v1' | 'v2';

export interface HeaderChanges {
  /** Header in lower case → text. */
  set: Record<string, string>;
  remove: string[];
}

export interface RateLimit {
  requests: number;
  per: 'second' | 'minute' | 'hour';
  /** `client`: by address. `customer`: by the token's subject. */
  by: 'client' | 'customer';
}

export interface GatewayRoute {
  /** Without version; covers what is below it. Of two that fit, the longer wins. */
  path: string;
  /** The first is meant where a request names none. Empty: the path is not versioned. */
  versions: ApiVersion[];
  methods: Method[];
  authentication: 'none' | 'token';
  /** Why, where it is open to all. */
  openBecause?: string;
  /** One of the roles, and all of the scopes. */
  authorisation: { roles: string[]; scopes: string[] };
  /** null: unlimited. */
  rateLimit: RateLimit | null;
  transform: { request: HeaderChanges; response: HeaderChanges };
  log: boolean;
  /** Such as "100Ki". */
  bodyLimit: string;
}

/** A service as the gateway sees it: what is let through, and within which limits. */
export interface GatewayService extends TrafficArgs {
  routes: GatewayRoute[];
}

/** How tokens are recognised. */
export interface TokenRules {
  issuer: string;
  audience: string;
}

/** The public half of a signing key, as RFC 7517 writes it. */
export interface VerifyingKey {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
  kid: string;
  alg: 'ES256';
  use: 'sig';
}

/** The header that asks for a version, where the path does not. */
export const versionHeader = 'version';

/** One way to ask for a route. */
export interface Address {
  /** Path as it is asked for; covers what is below it. */
  path: string;
  /** Value the version header must have. Unset: any or none. */
  header?: ApiVersion;
  /** Path as the service gets it. */
  forwardedPath: string;
  /** The version it is, as far as the address says. */
  version?: ApiVersion;
}

/** Every way to ask for a route; of two that fit a request, the first is meant. */
export function addressesOf({ path, versions }: Pick<GatewayRoute, 'path' | 'versions'>): Address[] {
  const [usual, ...others] = versions;
  if (usual === undefined) return [{ path, forwardedPath: path }];
  const at = (version: ApiVersion) => `/${version}${path}`;
  return [
    ...versions.map((version) => ({ path: at(version), forwardedPath: at(version), version })),
    ...others.map((version) => ({ path, header: version, forwardedPath: at(version), version })),
    { path, forwardedPath: at(usual), version: usual },
  ];
}

/** The longer path first: of two routes that fit a request, the first is meant. */
export const specificFirst = (routes: GatewayRoute[]): GatewayRoute[] =>
  [...routes].sort((a, b) => b.path.length - a.path.length);

/** Where GET is allowed, so is HEAD. */
export const methodsOf = ({ methods }: Pick<GatewayRoute, 'methods'>): string[] =>
  methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));

/** Unique and readable; it stands in access logs. */
export const routeName = (app: string, { methods, path }: Pick<GatewayRoute, 'methods' | 'path'>): string =>
  `${app} ${methods.join(',')} ${path}`;

/** The same as part of a resource's name, such as `order-service-post-orders`. */
export const routeSlug = (app: string, { methods, path }: Pick<GatewayRoute, 'methods' | 'path'>): string =>
  [app, ...methods, ...path.split('/')]
    .map((part) =>
      part
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, ''),
    )
    .filter(Boolean)
    .join('-');

const units = { Ki: 2 ** 10, Mi: 2 ** 20 };
/** "100Ki" → 102400. */
export const bytesOf = (size: string): number =>
  Number.parseInt(size, 10) * units[size.slice(-2) as keyof typeof units];

export const secondsPer = { second: 1, minute: 60, hour: 3600 } as const;

/** For a place inside a regular expression. */
export const escaped = (path: string) => path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** "15s" → 15000. */
export const millisecondsOf = (duration: string): number =>
  Number.parseInt(duration, 10) * durationUnits[duration.replace(/\d+/, '') as keyof typeof durationUnits];

/** JSON Web Key Set (RFC 7517), the same text for the same keys. */
export const keySet = (keys: VerifyingKey[]): string => JSON.stringify({ keys });
