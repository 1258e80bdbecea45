import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import { labelsOf } from '../components/names';
import { OneShotJob } from '../components/one-shot-job';
import { configFiles, type EnvVar, fromSecret } from '../components/pod';
import { type Context, secretNames } from './context';
import { administratorEnvironment, databaseMounts } from './data-access';
import { fetchedFirst } from './secrets';

export const postgresUid = 999;
const folder = '/scripts';
const files = ['database.sql', 'database-withdraw.sql', 'database-superuser.sql'] as const;

/** What psql is given to do, by file name. */
const scripts = Object.fromEntries(files.map((file) => [file, readFileSync(join(__dirname, file), 'utf8')]));

/** Their ConfigMap, named after the content. */
export const scriptsName = `database-script-${createHash('sha256').update(JSON.stringify(scripts)).digest('hex').slice(0, 8)}`;

export interface PostgresJobArgs {
  context: Context;
  /** Label `app` and service account of its pod. */
  app: string;
  scriptsName: string;
  script: (typeof files)[number];
  /** Secret of the service it is done for. */
  secretName: string;
  env: EnvVar[];
  /** Keys of the superuser's Secret to log in with, tried in turn. @default ['password'] */
  logins?: string[];
}

const variableOf = (key: string) => `LOGIN_${key.toUpperCase().replace(/-/g, '_')}`;

/** The ConfigMap itself. */
export const databaseScripts = ({ namespace }: Context, options: ComponentResourceOptions) =>
  new k8s.core.v1.ConfigMap(
    'database-script',
    {
      metadata: {
        name: scriptsName,
        namespace,
        labels: labelsOf({ app: 'database-script', component: 'script' }),
      },
      data: scripts,
      immutable: true,
    },
    options,
  );

/** psql as the server's superuser, with one of the scripts. */
export function postgresJob(name: string, args: PostgresJobArgs, options: ComponentResourceOptions) {
  const { context, app, logins = ['password'] } = args;
  const { aws } = context.config;
  const psql = `psql --no-psqlrc --set=ON_ERROR_STOP=1 --file=${folder}/${args.script}`;
  const attempts = logins.map((key) => `PGPASSWORD="$${variableOf(key)}" ${psql}`);
  return new OneShotJob(
    name,
    {
      namespace: context.namespace,
      app,
      image: context.image('postgres'),
      uid: postgresUid,
      command: ['/bin/sh', '-ec', attempts.join(' || ')],
      env: [
        ...administratorEnvironment(aws, args.secretName),
        { name: 'PGDATABASE', value: 'postgres' },
        { name: 'PGCONNECT_TIMEOUT', value: '5' },
        ...logins.map((key) => fromSecret(variableOf(key), secretNames.postgres, key)),
        ...fetchedFirst(context, [args.secretName]),
        ...args.env,
      ],
      mounts: [configFiles(folder, args.scriptsName), ...databaseMounts(aws)],
      resources: {
        requests: { cpu: '20m', memory: '32Mi' },
        limits: { cpu: '500m', memory: '128Mi' },
      },
      serviceAccountName: app,
    },
    options,
  );
}
