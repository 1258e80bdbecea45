import type { ComponentResourceOptions } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../components/component';
import type { Peer } from '../components/network-policy';
import { fromSecret, secretFile } from '../components/pod';
import { postgresSettings, settingArguments } from '../components/postgres-settings';
import { PlatformSecret } from '../components/secret';
import { StatefulServer } from '../components/stateful-server';
import type { PlatformConfig } from '../config';
import { appName, type Context, secretNames, servers } from './context';
import { type Database, databaseJobName, databasesOf } from './database';
import { databaseScripts, postgresUid, scriptsName } from './postgres-job';
import { PostgresPassword, passwordJobs, RedisPassword, redisUid } from './rotation';
import { secretSource } from './secrets';

const password = { password: {} };

/** What our own server is started with. */
export const serverArguments = ({
  maxConnections,
  sharedBuffers,
}: Pick<PlatformConfig['postgres'], 'maxConnections' | 'sharedBuffers'>): string[] =>
  settingArguments({ ...postgresSettings, max_connections: maxConnections, shared_buffers: sharedBuffers });

/** Second layer: PostgreSQL with a database per service, and Redis. */
export class DataLayer extends Component {
  /** By service name; a service waits for its own. */
  readonly databases: ReadonlyMap<string, Database>;
  readonly redis: StatefulServer;

  constructor(name: string, context: Context, options: ComponentResourceOptions) {
    super('DataLayer', name, options);
    const postgres = this.postgres(context);
    const script = databaseScripts(context, this.child());
    const superuser = new PostgresPassword(
      passwordJobs.postgres,
      { context, scriptsName },
      this.child({ dependsOn: [postgres, script] }),
    );
    this.databases = databasesOf(context, this.child({ dependsOn: [superuser, script] }));
    this.redis = this.cache(context);
    new RedisPassword(passwordJobs.redis, { context, step: 'admit' }, this.child({ dependsOn: this.redis }));
    this.registerOutputs({});
  }

  private postgres(context: Context): StatefulServer {
    const { namespace, config, services, image, spread } = context;
    const { app, port } = servers.postgres;
    const secretName = secretNames.postgres;
    const source = secretSource(context, secretName, password);
    const secret = new PlatformSecret(
      app,
      { namespace, app, secretName, source, keys: password, keepPrevious: true },
      this.child(),
    );
    const users = services.filter(({ database }) => database);
    return new StatefulServer(
      app,
      {
        namespace,
        image: image('postgres'),
        args: serverArguments(config.postgres),
        uid: postgresUid,
        ports: { postgres: port },
        env: [fromSecret('POSTGRES_PASSWORD', secret.secretName, 'password')],
        replicas: 1,
        storage: { size: config.postgres.storage, class: config.storageClass },
        dataPath: '/var/lib/postgresql/data',
        scratchPaths: ['/var/run/postgresql'],
        mounts: [],
        probe: {
          exec: { command: ['pg_isready', '-q', '-h', '127.0.0.1', '-p', String(port)] },
          timeoutSeconds: 5,
        },
        startupSeconds: 300,
        graceSeconds: 60,
        resources: config.postgres.resources,
        ingress: [
          ...users.flatMap((service) => [appName(service), databaseJobName(service)]),
          passwordJobs.postgres,
        ].map((client): Peer => ({ to: 'app', app: client, port })),
        egress: [],
        spread,
      },
      this.child({ dependsOn: secret }),
    );
  }

  private cache(context: Context): StatefulServer {
    const { namespace, config, services, image, spread } = context;
    const { app, port } = servers.redis;
    const secretName = secretNames.redis;
    const secret = new PlatformSecret(
      app,
      {
        namespace,
        app,
        secretName,
        source: secretSource(context, secretName, password),
        keys: password,
        keepPrevious: true,
        derive: ({ password }) => ({
          url: pulumi.interpolate`redis://:${password}@${app}:${port}`,
          'redis.conf': redisConfiguration(config.redis.maxMemory, password ?? ''),
        }),
      },
      this.child(),
    );
    return new StatefulServer(
      app,
      {
        namespace,
        image: image('redis'),
        args: ['/etc/redis/redis.conf'],
        uid: redisUid,
        ports: { redis: port },
        env: [],
        replicas: 1,
        // A cache: what is lost with the pod is read again.
        dataPath: '/data',
        scratchPaths: [],
        mounts: [secretFile('/etc/redis', secret.secretName, 'redis.conf')],
        probe: { tcpSocket: { port }, timeoutSeconds: 3 },
        startupSeconds: 60,
        graceSeconds: 10,
        resources: config.redis.resources,
        ingress: [...services.filter((service) => service.cache).map(appName), passwordJobs.redis].map(
          (client): Peer => ({ to: 'app', app: client, port }),
        ),
        egress: [],
        spread,
      },
      this.child({ dependsOn: secret }),
    );
  }
}

/** Memory only, the least used goes first. */
const redisConfiguration = (maxMemory: string, password: pulumi.Input<string>) =>
  pulumi.interpolate`bind * -::*
protected-mode yes
port ${servers.redis.port}
dir /data
requirepass ${password}
maxmemory ${maxMemory}
maxmemory-policy allkeys-lru
save ""
appendonly no
`;
