import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { databaseSecretName } from '../catalog/checks';
import type { ServiceEntry } from '../catalog/schema';
import { Access } from '../components/access';
import { Component } from '../components/component';
import { fromSecret } from '../components/pod';
import { PlatformSecret } from '../components/secret';
import { ServiceAccount } from '../components/service-account';
import type { Context } from './context';
import { databaseKeys, databasePeer, databaseUrls } from './data-access';
import { postgresJob, scriptsName } from './postgres-job';
import { generationOf, secretSource } from './secrets';

export interface DatabaseArgs {
  context: Context;
  service: ServiceEntry;
  /** ConfigMap with the SQL. Named after its content, so that another script makes another Job. */
  scriptsName: string;
}

type Named = Pick<ServiceEntry, 'name'>;

/** Label `app` of the Jobs that look after a service's database. */
export const databaseJobName = (service: Named) => `${service.name}-database`;

/**
 * The role a generation of the password belongs to. Two take turns, both acting as the owner of the database: the next one can log in
 * before the last one no longer can.
 */
export const databaseRole = (service: Named, generation: number) =>
  `${service.name}_${generation % 2 === 1 ? 'a' : 'b'}`;

/** A service's own database and role on the shared server, and the Secret the service reads its address from. */
export class Database extends Component {
  constructor(name: string, args: DatabaseArgs, options?: ComponentResourceOptions) {
    super('Database', name, options);
    const { context, service } = args;
    const { namespace } = context;
    const app = databaseJobName(service);
    const secretName = databaseSecretName(service);
    const { aws } = context.config;
    const keys = databaseKeys(aws, service);
    const generation = generationOf(context, secretName);
    const role = databaseRole(service, generation);
    const secret = new PlatformSecret(
      name,
      {
        namespace,
        app,
        secretName,
        source: secretSource(context, secretName, keys),
        keys,
        derive: (values) => ({ username: role, ...databaseUrls(aws, service, role, values) }),
      },
      this.child(),
    );
    const account = new ServiceAccount(app, { namespace, app }, this.child());
    const egress = [{ to: 'dns' } as const, databasePeer(aws)];
    const access = new Access(app, { namespace, app, ingress: [], egress }, this.child());
    postgresJob(
      app,
      {
        context,
        app,
        scriptsName: args.scriptsName,
        script: 'database.sql',
        secretName,
        env: [
          { name: 'SERVICE_DATABASE', value: service.name },
          { name: 'SERVICE_ROLE', value: role },
          // Two generations later it is the same role again, and must be another Job.
          { name: 'SERVICE_GENERATION', value: String(generation) },
          fromSecret('SERVICE_PASSWORD', secret.secretName, 'password'),
        ],
      },
      this.child({ dependsOn: [secret, account, access] }),
    );
    this.registerOutputs({});
  }
}

/** By service name: one of each service that has a database, made with `options`. */
export const databasesOf = (
  context: Context,
  options: ComponentResourceOptions,
): ReadonlyMap<string, Database> =>
  new Map(
    context.services
      .filter((service) => service.database)
      .map((service) => [
        service.name,
        new Database(databaseJobName(service), { context, service, scriptsName }, options),
      ]),
  );
