import type { ComponentResourceOptions } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import { databaseSecretName } from '../catalog/checks';
import type { ServiceEntry } from '../catalog/schema';
import { Component } from '../components/component';
import { NetworkPolicy } from '../components/network-policy';
import { OneShotJob } from '../components/one-shot-job';
import { configFiles, fromSecret } from '../components/pod';
import { PlatformSecret } from '../components/secret';
import { ServiceAccount } from '../components/service-account';
import { type Context, secretNames, servers } from './context';

export interface DatabaseArgs {
  context: Context;
  service: ServiceEntry;
  /** ConfigMap with `database.sql`. Named after its content, so that another script makes another Job. */
  scriptName: string;
}

export const postgresUid = 999;
const scriptFolder = '/scripts';

/** Label `app` of the Job that makes a service's database. */
export const databaseJobName = (service: Pick<ServiceEntry, 'name'>) => `${service.name}-database`;

/** A service's own database and role on the shared server, and the Secret the service reads its address from. */
export class Database extends Component {
  constructor(name: string, args: DatabaseArgs, options?: ComponentResourceOptions) {
    super('Database', name, options);
    const { context, service } = args;
    const { namespace } = context;
    const app = databaseJobName(service);
    const secret = new PlatformSecret(
      name,
      {
        namespace,
        app,
        secretName: databaseSecretName(service),
        source: 'generated',
        passwords: { password: {} },
        derive: ({ password }) => ({
          username: service.name,
          url: pulumi.interpolate`postgres://${service.name}:${password}@${servers.postgres.app}:${servers.postgres.port}/${service.name}`,
        }),
      },
      this.child(),
    );
    const { serviceAccountName } = new ServiceAccount(app, { namespace, app }, this.child());
    const egress = [{ to: 'dns' } as const, { to: 'app', ...servers.postgres } as const];
    const policy = new NetworkPolicy(app, { namespace, app, ingress: [], egress }, this.child());
    new OneShotJob(
      app,
      {
        namespace,
        app,
        image: context.image('postgres'),
        uid: postgresUid,
        command: ['psql', '--no-psqlrc', '--set=ON_ERROR_STOP=1', `--file=${scriptFolder}/database.sql`],
        env: [
          { name: 'PGHOST', value: servers.postgres.app },
          { name: 'PGUSER', value: 'postgres' },
          { name: 'PGDATABASE', value: 'postgres' },
          { name: 'PGCONNECT_TIMEOUT', value: '5' },
          fromSecret('PGPASSWORD', secretNames.postgres, 'password'),
          { name: 'SERVICE_DATABASE', value: service.name },
          fromSecret('SERVICE_PASSWORD', secret.secretName, 'password'),
        ],
        mounts: [configFiles(scriptFolder, args.scriptName)],
        resources: {
          requests: { cpu: '20m', memory: '32Mi' },
          limits: { cpu: '500m', memory: '128Mi' },
        },
        serviceAccountName,
      },
      this.child({ dependsOn: [secret, policy] }),
    );
    this.registerOutputs({});
  }
}
