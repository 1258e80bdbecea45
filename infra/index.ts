// The program: reads the settings and the catalogue, builds the layers, says where the result is.
import { runtime } from '@pulumi/pulumi';
import { loadCatalogue } from './catalog/load';
import { addressesOf } from './components/gateway/model';
import { parseConfig } from './config';
import type { AwsLayer } from './stacks/aws';
import { appName, createContext, frontDoorHost } from './stacks/context';
import { DataLayer } from './stacks/data';
import { DiscoveryLayer } from './stacks/discovery';
import { GatewayLayer } from './stacks/gateway';
import type { ManagedDataLayer } from './stacks/managed-data';
import { MeshLayer } from './stacks/mesh';
import { MessagingLayer } from './stacks/messaging';
import { OperatorsLayer } from './stacks/operators';
import { PlatformLayer } from './stacks/platform';
import { WithdrawalLayer } from './stacks/rotation';
import { SecretStoreLayer } from './stacks/secret-store';
import { secretEntries } from './stacks/secrets';
import { ServicesLayer } from './stacks/services';

const config = parseConfig(runtime.allConfig());
const context = createContext(config, loadCatalogue(config.environment));
const entries = secretEntries(context);
/** The layer's packages are only loaded where it is asked for. */
const awsLayer = (): AwsLayer => {
  const aws: typeof import('./stacks/aws') = require('./stacks/aws');
  return new aws.AwsLayer('aws', context);
};
const cloud = config.data === 'aws' ? awsLayer() : undefined;
const operators = config.operators ? new OperatorsLayer('operators', config) : undefined;
const platform = new PlatformLayer('platform', context, { dependsOn: operators });
const mesh = new MeshLayer('mesh', context, { dependsOn: platform });
const stores = new SecretStoreLayer('secret-store', context, { dependsOn: platform });
// Nothing is fetched from the secrets manager before it stands there.
const ground = { dependsOn: [mesh, stores, ...(cloud ? [cloud.secrets] : [])] };
const managedData = ({ region, masterSecretArn }: AwsLayer): ManagedDataLayer => {
  const layer: typeof import('./stacks/managed-data') = require('./stacks/managed-data');
  return new layer.ManagedDataLayer('data', { context, region, masterSecretArn }, ground);
};
const data = cloud ? managedData(cloud) : new DataLayer('data', context, ground);
const messaging = new MessagingLayer('messaging', context, ground);
const discovery = context.discovery ? new DiscoveryLayer('discovery', context, ground) : undefined;
const running = new ServicesLayer('services', context, { data, messaging, discovery }, ground);
const withdrawals = new WithdrawalLayer('withdrawals', context, running, { dependsOn: mesh });
new GatewayLayer('gateway', context, running, ground);

const [host] = config.gatewayHosts;
const scheme = config.gatewayTlsSecret === undefined ? 'http' : 'https';

export const environment = config.environment;
export const namespace = context.namespace;
/** Public address; inside the cluster where the front door answers to any host name. */
export const endpoint = `${scheme}://${host === '*' ? frontDoorHost(config) : host}`;
export const services = context.services.map(appName);
/** What there is to rotate. Told once it holds: an interrupted rotation shows the generation before. */
export const secrets = withdrawals.done.apply(() => entries);
/** Service → paths the front door takes. */
export const routes = Object.fromEntries(
  context.services.map(({ name, routes }) => [
    name,
    [...new Set(routes.flatMap(addressesOf).map(({ path }) => path))],
  ]),
);
/** The command that gives access to the cluster of the aws layer. */
export const kubeconfig = cloud?.kubeconfigCommand ?? "the stack's own context: its cluster is not made here";
