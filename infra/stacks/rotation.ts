// Passwords that change while they are used: a new one is let in before the pods that bring it start, and the old one is shut out
// after the last pod that uses it has gone. Every step may be done again, so a run that was killed is finished by the next.
import type { ComponentResourceOptions, Output } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import { databaseSecretName } from '../catalog/checks';
import type { ServiceEntry } from '../catalog/schema';
import { Access } from '../components/access';
import { Component } from '../components/component';
import type { Peer } from '../components/network-policy';
import { OneShotJob } from '../components/one-shot-job';
import { fromSecret } from '../components/pod';
import { ServiceAccount } from '../components/service-account';
import { appName, type Context, secretNames, servers } from './context';
import { databaseJobName, databaseRole } from './database';
import { consulRotated, consulWithdrawal } from './discovery';
import { postgresJob, scriptsName } from './postgres-job';
import { generationOf } from './secrets';
import type { ServicesLayer } from './services';

export const redisUid = 999;

/** Label `app` of the Jobs that change a server's own password. */
export const passwordJobs = { postgres: 'postgres-password', redis: 'redis-password' } as const;

/** True where this program makes the values and so has to bring them to the server. */
const changed = (context: Context, name: string) =>
  context.config.secrets === 'generated' && generationOf(context, name) > 1;

const previous = 'previous-password';

/** The superuser's password. Only Jobs use it, and they wait for this one: nobody needs the old one any more. */
export class PostgresPassword extends Component {
  constructor(
    name: string,
    { context, scriptsName }: { context: Context; scriptsName: string },
    options: ComponentResourceOptions,
  ) {
    super('PostgresPassword', name, options);
    if (changed(context, secretNames.postgres)) {
      const ready = identity(this.child(), name, context, servers.postgres);
      postgresJob(
        name,
        {
          ...{ context, app: name, scriptsName, script: 'database-superuser.sql' },
          secretName: secretNames.postgres,
          logins: [previous, 'password'],
          env: [
            { name: 'GENERATION', value: String(generationOf(context, secretNames.postgres)) },
            fromSecret('NEW_PASSWORD', secretNames.postgres, 'password'),
          ],
        },
        this.child({ dependsOn: ready }),
      );
    }
    this.registerOutputs({});
  }
}

/**
 * Logs in with whichever password the server knows now. The command goes through a pipe: arguments can be read by every process of the
 * machine.
 */
const redisScript = (passwords: string) => `
change() { echo "ACL SETUSER default ${passwords}" | REDISCLI_AUTH="$1" redis-cli -h "$REDIS_HOST" -p "$REDIS_PORT" --no-auth-warning; }
for login in "$CURRENT" "$PREVIOUS"; do
  answer="$(change "$login" 2>&1 || true)"
  case "$answer" in *OK*) exit 0 ;; esac
done
echo "redis refuses: $answer" >&2
exit 1`;

/** What a shell runs for each step; `CURRENT`, `PREVIOUS`, `REDIS_HOST` and `REDIS_PORT` are in its environment. */
export const redisSteps = {
  /** The running server takes both; its configuration, read at its next start, has the new one only. */
  admit: redisScript('>$CURRENT >$PREVIOUS'),
  withdraw: redisScript('resetpass >$CURRENT'),
};

/** One step of a change of Redis' password. */
export class RedisPassword extends Component {
  readonly job: OneShotJob | undefined;

  constructor(
    name: string,
    { context, step }: { context: Context; step: keyof typeof redisSteps },
    options: ComponentResourceOptions,
  ) {
    super('RedisPassword', name, options);
    if (changed(context, secretNames.redis)) {
      const app = passwordJobs.redis;
      const ready = step === 'admit' ? identity(this.child(), app, context, servers.redis) : [];
      this.job = new OneShotJob(
        name,
        {
          ...{ namespace: context.namespace, app, image: context.image('redis'), uid: redisUid, mounts: [] },
          command: ['/bin/sh', '-ec', redisSteps[step]],
          env: [
            { name: 'GENERATION', value: String(generationOf(context, secretNames.redis)) },
            { name: 'REDIS_HOST', value: servers.redis.app },
            { name: 'REDIS_PORT', value: String(servers.redis.port) },
            fromSecret('CURRENT', secretNames.redis, 'password'),
            fromSecret('PREVIOUS', secretNames.redis, previous),
          ],
          resources: {
            requests: { cpu: '10m', memory: '16Mi' },
            limits: { cpu: '200m', memory: '64Mi' },
          },
          serviceAccountName: app,
        },
        this.child({ dependsOn: ready }),
      );
    }
    this.registerOutputs({});
  }
}

/** Account and way to the server of a Job's pod. */
function identity(
  options: ComponentResourceOptions,
  app: string,
  { namespace }: Context,
  server: { app: string; port: number },
) {
  const egress: Peer[] = [{ to: 'dns' }, { to: 'app', ...server }];
  return [
    new ServiceAccount(app, { namespace, app }, options),
    new Access(app, { namespace, app, ingress: [], egress }, options),
  ];
}

/** Last layer: what former generations lose, once nobody uses them. */
export class WithdrawalLayer extends Component {
  /** Known once all services run with the current generations and the former ones are shut out. */
  readonly done: Output<unknown[]>;

  constructor(name: string, context: Context, services: ServicesLayer, options: ComponentResourceOptions) {
    super('WithdrawalLayer', name, options);
    const using = (uses: (service: ServiceEntry) => unknown) =>
      context.services.filter(uses).map((service) => services.of(appName(service)));
    const databases = context.services
      .filter((service) => service.database && generationOf(context, databaseSecretName(service)) > 1)
      .map((service) => this.database(context, service, services));
    const redis = new RedisPassword(
      `${passwordJobs.redis}-withdrawal`,
      { context, step: 'withdraw' },
      this.child({ dependsOn: using(({ cache }) => cache) }),
    );
    const rotated = consulRotated(context);
    const dependsOn = rotated.map((service) => services.of(appName(service)));
    const consul = rotated.length > 0 ? [consulWithdrawal(context, rotated, this.child({ dependsOn }))] : [];
    const jobs = [...databases, ...(redis.job ? [redis.job] : []), ...consul];
    const pending: Output<unknown>[] = [
      ...using(() => true).map(({ ready }) => ready),
      ...jobs.map(({ done }) => done),
    ];
    this.done = pulumi.all(pending);
    this.registerOutputs({});
  }

  private database(context: Context, service: ServiceEntry, services: ServicesLayer): OneShotJob {
    const generation = generationOf(context, databaseSecretName(service));
    return postgresJob(
      `${databaseJobName(service)}-withdrawal`,
      {
        ...{ context, app: databaseJobName(service), scriptsName, script: 'database-withdraw.sql' },
        secretName: databaseSecretName(service),
        env: [
          { name: 'WITHDRAWN_ROLE', value: databaseRole(service, generation - 1) },
          { name: 'GENERATION', value: String(generation) },
        ],
      },
      this.child({ dependsOn: services.of(appName(service)) }),
    );
  }
}
