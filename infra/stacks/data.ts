import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as k8s from '@pulumi/kubernetes';
import type { ComponentResourceOptions } from '@pulumi/pulumi';
import * as pulumi from '@pulumi/pulumi';
import { Component } from '../components/component';
import { labelsOf } from '../components/names';
import type { Peer } from '../components/network-policy';
import { fromSecret, secretFile } from '../components/pod';
import { PlatformSecret } from '../components/secret';
import { StatefulServer } from '../components/stateful-server';
import { appName, type Context, secretNames, servers } from './context';
import { Database, databaseJobName, postgresUid } from './database';

const redisUid = 999;
const databaseScript = readFileSync(join(__dirname, 'database.sql'), 'utf8');

/** Second layer: PostgreSQL with a database per service, and Redis. */
export class DataLayer extends Component {
  /** By service name; a service waits for its own. */
  readonly databases: ReadonlyMap<string, Database>;
  readonly redis: StatefulServer;

  constructor(name: string, context: Context, options: ComponentResourceOptions) {
    super('DataLayer', name, options);
    const postgres = this.postgres(context);
    const script = this.script(context);
    this.databases = new Map(
      context.services
        .filter((service) => service.database)
        .map((service) => [
          service.name,
          new Database(
            databaseJobName(service),
            { context, service, scriptName: script.name },
            this.child({ dependsOn: [postgres, script.configMap] }),
          ),
        ]),
    );
    this.redis = this.cache(context);
    this.registerOutputs({});
  }

  private postgres({ namespace, config, services, image, spread }: Context): StatefulServer {
    const { app, port } = servers.postgres;
    const secret = new PlatformSecret(
      app,
      { namespace, app, secretName: secretNames.postgres, source: 'generated', passwords: { password: {} } },
      this.child(),
    );
    const users = services.filter(({ database }) => database);
    return new StatefulServer(
      app,
      {
        namespace,
        image: image('postgres'),
        args: [
          ...['-c', `max_connections=${config.postgres.maxConnections}`],
          ...['-c', `shared_buffers=${config.postgres.sharedBuffers}`],
        ],
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
        ingress: users.flatMap((service): Peer[] =>
          [appName(service), databaseJobName(service)].map((client) => ({ to: 'app', app: client, port })),
        ),
        egress: [],
        spread,
      },
      this.child({ dependsOn: secret }),
    );
  }

  private script({ namespace }: Context) {
    const name = `database-script-${createHash('sha256').update(databaseScript).digest('hex').slice(0, 8)}`;
    const configMap = new k8s.core.v1.ConfigMap(
      'database-script',
      {
        metadata: { name, namespace, labels: labelsOf({ app: 'database-script', component: 'script' }) },
        data: { 'database.sql': databaseScript },
        immutable: true,
      },
      this.child(),
    );
    return { name, configMap };
  }

  private cache({ namespace, config, services, image, spread }: Context): StatefulServer {
    const { app, port } = servers.redis;
    const secret = new PlatformSecret(
      app,
      {
        namespace,
        app,
        secretName: secretNames.redis,
        source: 'generated',
        passwords: { password: {} },
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
        ingress: services
          .filter((service) => service.cache)
          .map((service): Peer => ({ to: 'app', app: appName(service), port })),
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
