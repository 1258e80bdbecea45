// What Consul is told, as pure functions.
import { createHash } from 'node:crypto';

/** Consul's tokens are UUIDs: this one says nothing of the password it comes from. */
export const tokenOf = (password: string): string =>
  createHash('sha256')
    .update(`consul-token:${password}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

export interface AgentSecrets {
  /** 32 characters; gossip is encrypted with AES-256. */
  gossipKey: string;
  /** May do everything; used by the Job that makes the others. */
  managementToken: string;
  /** With which a server writes about itself. */
  agentToken: string;
}

/** Catalogue and health, and nothing of Consul's mesh: that is Istio's part. */
export const agentConfiguration = (secrets: AgentSecrets) => ({
  client_addr: '0.0.0.0',
  log_level: 'warn',
  ui_config: { enabled: false },
  connect: { enabled: false },
  ports: { dns: -1, grpc: -1, grpc_tls: -1, serf_wan: -1 },
  disable_update_check: true,
  disable_keyring_file: true,
  encrypt: Buffer.from(secrets.gossipKey).toString('base64'),
  // Behind a sidecar all callers have one address, and each holds a blocking query open.
  limits: { http_max_conns_per_client: 10_000 },
  performance: { raft_multiplier: 1 },
  acl: {
    enabled: true,
    default_policy: 'deny',
    enable_token_persistence: false,
    tokens: { initial_management: secrets.managementToken, agent: secrets.agentToken },
  },
});

const rule = (resource: string, name: string, policy: 'read' | 'write') =>
  `${resource} "${name}" { policy = "${policy}" }`;

/** Servers write about themselves, and about the instances they look after. */
export const agentRules = (): string =>
  [rule('node_prefix', 'consul-', 'write'), rule('service_prefix', '', 'read')].join('\n');

/** A service registers itself and reads those it calls; it can neither see nor pretend to be another. */
export const serviceRules = (service: string, called: string[]): string =>
  [
    rule('service', service, 'write'),
    ...called.map((other) => rule('service', other, 'read')),
    rule('node_prefix', '', 'read'),
  ].join('\n');
