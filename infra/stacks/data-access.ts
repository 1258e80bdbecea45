// How one reaches PostgreSQL and the cache: the same in environments, network policies and Jobs, whoever runs the servers.
import type { Input } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import { type AwsSettings, zonesOf } from '../aws-settings';
import type { ServiceEntry } from '../catalog/schema';
import { tiersOf } from '../components/aws/cidr';
import type { Peer } from '../components/network-policy';
import { configFiles, type EnvVar, fromSecret, type Mount } from '../components/pod';
import type { Keys } from '../components/secret';
import { project } from '../config';
import { InputError } from '../input-error';
import { servers } from './context';

/** Set where the servers are AWS's. */
type Aws = AwsSettings | undefined;

/** ConfigMap with the authority that the database's certificate comes from. */
export const databaseAuthority = { configMap: 'database-ca', file: 'ca.pem' } as const;

/** User of AWS's cache. */
export const cacheUser = 'platform';

/** Administrator of AWS's database: may make databases and roles, and is no superuser. */
export const databaseAdministrator = 'platform';

const authorityFolder = '/var/run/secrets/database-ca';
const authorityFile = `${authorityFolder}/${databaseAuthority.file}`;

/** Addresses of the networks: managed servers are in the isolated one, the private ends of AWS's services in the private one. */
export const networkTiers = (aws: AwsSettings) => tiersOf(aws.network.cidr, zonesOf(aws).length);

const peer = (aws: Aws, server: { app: string; port: number }): Peer =>
  aws ? { to: 'network', cidrs: networkTiers(aws).isolated, port: server.port } : { to: 'app', ...server };

export const databasePeer = (aws: Aws): Peer => peer(aws, servers.postgres);
export const cachePeer = (aws: Aws): Peer => peer(aws, servers.redis);

/** Whether a service asked for the copy that may be a moment old. */
export const readsReplica = ({ database }: Pick<ServiceEntry, 'database'>): boolean =>
  typeof database === 'object' && database.replica;

/** Of every server: for Jobs, people, backups, and what PostgreSQL keeps for its superuser. */
const reservedConnections = 20;
/** Of every pod, outside its pool: what it hears notifications by. */
const listeners = 2;

/**
 * Connections that the pool of each pod may hold, so that the server never runs out of them: not when every service is scaled to its
 * limit, with the other colour beside it as it is during a release. More than ten bring nothing (`npm run bench -- --only pool`).
 * @throws InputError when there are not two for each
 */
export function poolSizeOf(services: ServiceEntry[], maxConnections: number): number {
  const pods = services
    .filter(({ database }) => database)
    .reduce((sum, { scale, replicas }) => sum + scale.max + replicas, 0);
  const size = Math.floor((maxConnections - reservedConnections) / Math.max(pods, 1)) - listeners;
  if (size >= 2) return Math.min(size, 10);
  throw new InputError(
    `${project}:postgres.maxConnections: is ${maxConnections}, but up to ${pods} pods with a database need ${pods * (2 + listeners) + reservedConnections}; raise it, or lower scale.max in the catalogue`,
  );
}

/** What a service's Secret is made of. AWS's hosts are only known when the servers exist, so they come the same way as passwords. */
export const databaseKeys = (aws: Aws, service: ServiceEntry): Keys => ({
  password: {},
  ...(aws && { host: {} }),
  ...(aws && readsReplica(service) && { 'replica-host': {} }),
});

/** Addresses with the password in them. */
export function databaseUrls(
  aws: Aws,
  service: ServiceEntry,
  role: string,
  values: Record<string, Input<string>>,
): Record<string, Input<string>> {
  const verified = aws ? `?sslmode=verify-full&sslrootcert=${authorityFile}` : '';
  const { port, app } = servers.postgres;
  const url = (host: Input<string> = app) =>
    pulumi.interpolate`postgres://${role}:${values.password}@${host}:${port}/${service.name}${verified}`;
  return {
    url: url(values.host),
    ...(readsReplica(service) && { 'replica-url': url(values['replica-host']) }),
  };
}

/** Variables of libpq: where the server is, as whom, and how. @param secretName Secret of the service it is done for */
export const administratorEnvironment = (aws: Aws, secretName: string): EnvVar[] =>
  aws
    ? [
        fromSecret('PGHOST', secretName, 'host'),
        { name: 'PGUSER', value: databaseAdministrator },
        { name: 'PGSSLMODE', value: 'verify-full' },
        { name: 'PGSSLROOTCERT', value: authorityFile },
        { name: 'PGSSLMINPROTOCOLVERSION', value: 'TLSv1.3' },
      ]
    : [
        { name: 'PGHOST', value: servers.postgres.app },
        { name: 'PGUSER', value: 'postgres' },
      ];

export const databaseMounts = (aws: Aws): Mount[] =>
  aws ? [configFiles(authorityFolder, databaseAuthority.configMap)] : [];

/** What the processes of services need besides addresses: AWS's servers would also speak 1.2. */
export const dataEnvironment = (aws: Aws): EnvVar[] =>
  aws ? [{ name: 'NODE_OPTIONS', value: '--tls-min-v1.3' }] : [];
