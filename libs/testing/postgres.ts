import { randomUUID } from 'node:crypto';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, runToEnd, startServer, untilReady } from './process';

/** PostgreSQL refuses to run as root; nobody's uid does not. */
const NOBODY = 65534;

export interface TestPostgres {
  /** A superuser's URL of the database 'postgres'. */
  url: string;
  /** Makes an empty database and returns its URL. */
  createDatabase(name?: string): Promise<string>;
  /** Starts a server that follows this one and can only be read from. Ends with it, if not before. */
  startCopy(): Promise<Pick<TestPostgres, 'url' | 'stop'>>;
  stop(): Promise<void>;
}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '100',
  shared_buffers: '64MB',
};

/**
 * A real PostgreSQL on loopback, empty, without durability; `more` are further arguments of its. Binaries from the folder in
 * ECP_POSTGRES_BIN, else Debian's.
 */
export async function startPostgres(more: string[] = []): Promise<TestPostgres> {
  const bin = process.env.ECP_POSTGRES_BIN ?? '/usr/lib/postgresql/15/bin';
  const folder = await mkdtemp(join(tmpdir(), 'ecp-postgres-'));
  if (process.getuid?.() === 0) await chown(folder, NOBODY, NOBODY);
  const user = { uid: NOBODY, cwd: folder, env: { ...process.env, HOME: folder, LC_ALL: 'C' } };
  const stops: (() => Promise<void>)[] = [];

  async function start(data: string) {
    const port = await freePort();
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = startServer(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...flags, ...more], {
      ...user,
      onParentDeath: 'INT',
    });
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const stop = () => server.stop('SIGINT');
    stops.unshift(stop);
    await untilReady('PostgreSQL', server, 30_000, () => once(url, 'select 1'));
    return { url, stop };
  }

  const data = join(folder, 'data');
  await runToEnd(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-instructions'],
    user,
  );
  const { url } = await start(data);
  return {
    url,
    async createDatabase(name = `test_${randomUUID().replaceAll('-', '')}`) {
      await once(url, `create database ${name}`);
      return url.replace(/\/postgres$/, `/${name}`);
    },
    async startCopy() {
      const copy = join(folder, `copy-${stops.length}`);
      const args = ['-d', url, '-D', copy, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
      await runToEnd(join(bin, 'pg_basebackup'), args, user);
      return start(copy);
    },
    async stop() {
      for (const stop of stops) await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function once(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end().catch(() => undefined);
  }
}
