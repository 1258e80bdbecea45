// The model as plugins of open-source Kong: the same for its resources in a cluster and for a file it reads.
import { bytesOf, type GatewayRoute, type HeaderChanges, type RateLimit } from './model';

export interface Plugin {
  /** What it is for; part of its name. */
  role: 'request-id' | 'log' | 'token' | 'holder' | 'rate-limit' | 'body-limit';
  plugin: string;
  config: Record<string, unknown>;
}

/** Kong's consumers are the keys that sign tokens; a consumer made for anything else is not in this group. */
export const tokenHolders = 'token-holders';

const requestId: Plugin = {
  role: 'request-id',
  plugin: 'correlation-id',
  config: { header_name: 'x-request-id', generator: 'uuid', echo_downstream: true },
};

const log: Plugin = {
  role: 'log',
  plugin: 'file-log',
  config: {
    path: '/dev/stdout',
    // What lets somebody in does not belong into a log.
    custom_fields_by_lua: {
      'request.headers.authorization': 'return nil',
      'request.headers.cookie': 'return nil',
    },
  },
};

/** Signature and expiry. Issuer and audience are beyond it: the mesh and the services check them. */
const token: Plugin = {
  role: 'token',
  plugin: 'jwt',
  config: {
    key_claim_name: 'kid',
    claims_to_verify: ['exp'],
    header_names: ['authorization'],
    uri_param_names: [],
    cookie_names: [],
  },
};

const holder: Plugin = {
  role: 'holder',
  plugin: 'acl',
  config: { allow: [tokenHolders], hide_groups_header: true },
};

const rateLimit = ({ requests, per, by }: RateLimit): Plugin => ({
  role: 'rate-limit',
  plugin: 'rate-limiting',
  config: {
    [per]: requests,
    policy: 'local',
    // All customers are one consumer here (the signing key); each access token is counted for itself.
    ...(by === 'client' ? { limit_by: 'ip' } : { limit_by: 'header', header_name: 'authorization' }),
    fault_tolerant: true,
    hide_client_headers: false,
  },
});

const bodyLimit = (size: string): Plugin => ({
  role: 'body-limit',
  plugin: 'request-size-limiting',
  config: { allowed_payload_size: bytesOf(size), size_unit: 'bytes', require_content_length: false },
});

/** The same for every route that has them. */
export function sharedPlugins(route: GatewayRoute): Plugin[] {
  return [
    requestId,
    ...(route.log ? [log] : []),
    ...(route.authentication === 'token' ? [token, holder] : []),
  ];
}

/** With figures of the route. */
export function ownPlugins(route: GatewayRoute): Plugin[] {
  return [...(route.rateLimit ? [rateLimit(route.rateLimit)] : []), bodyLimit(route.bodyLimit)];
}

const pairs = (set: Record<string, string>) => Object.entries(set).map(([name, value]) => `${name}:${value}`);

/** Kong's transformers: what is there is replaced, what is not is added. */
export const transformerConfig = ({ set, remove }: HeaderChanges) => ({
  ...(remove.length > 0 ? { remove: { headers: remove } } : {}),
  ...(Object.keys(set).length > 0 ? { replace: { headers: pairs(set) }, add: { headers: pairs(set) } } : {}),
});
