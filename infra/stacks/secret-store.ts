import type { ISecretStore } from '@kubernetes-models/external-secrets/external-secrets.io/v1';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { Component } from '../components/component';
import { labelsOf } from '../components/names';
import { ServiceAccount } from '../components/service-account';
import { ConfigError, type PlatformConfig, project } from '../config';
import type { Context } from './context';
import { storeServiceAccount } from './secrets';

type SecretStoreSpec = NonNullable<ISecretStore['spec']>;

/** AWS Secrets Manager, asked with the identity of the namespace's own service account: no key of the cloud is stored anywhere. */
export const secretStoreSpec = (region: string, serviceAccount: string): SecretStoreSpec => ({
  provider: {
    aws: {
      service: 'SecretsManager',
      region,
      auth: { jwt: { serviceAccountRef: { name: serviceAccount } } },
    },
  },
});

const external = ({ config, services }: Context) =>
  config.secrets === 'external' ||
  services.some(({ secrets }) => Object.values(secrets).some(({ source }) => source === 'external'));

/** @throws ConfigError when the store is to be made and nobody said with which role */
function roleOf({ roleArn }: PlatformConfig['secretStore']): string {
  if (roleArn) return roleArn;
  throw new ConfigError([
    `${project}:secretStore.roleArn: is missing; name the role that may read the secrets, or set kind to ClusterSecretStore`,
  ]);
}

/** Where External Secrets fetches. Only made where a Secret is external and no store of the whole cluster is named. */
export class SecretStoreLayer extends Component {
  constructor(name: string, context: Context, options: ComponentResourceOptions) {
    super('SecretStoreLayer', name, options);
    const { namespace, config } = context;
    const { secretStore } = config;
    if (external(context) && secretStore.kind === 'SecretStore') {
      const annotations = { 'eks.amazonaws.com/role-arn': roleOf(secretStore) };
      const app = storeServiceAccount;
      const account = new ServiceAccount(app, { namespace, app, annotations }, this.child());
      new k8s.apiextensions.CustomResource(
        `${name}-store`,
        {
          apiVersion: 'external-secrets.io/v1',
          kind: 'SecretStore',
          metadata: { name: secretStore.name, namespace, labels: labelsOf({ app, component: 'secret' }) },
          spec: secretStoreSpec(secretStore.region, account.serviceAccountName),
        },
        this.child({ dependsOn: account }),
      );
    }
    this.registerOutputs({});
  }
}
