import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type ServerProcess, startServer, untilReady } from './process';

export interface TestConsul {
  url: string;
  /** Ends it at once; its data and port stay. */
  kill(): Promise<void>;
  /** Starts it again after kill(). */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Where a Consul is, or undefined: it takes long to build, so tests that need it are skipped without. `platform test` sets it. */
export const consulProgram = (): string | undefined => process.env.ECP_CONSUL || undefined;

/** A real Consul server on loopback, its own leader. @param more over its configuration file */
export async function startConsul(more: Record<string, unknown> = {}): Promise<TestConsul> {
  const program = consulProgram();
  if (program === undefined)
    throw new Error('ECP_CONSUL must name the consul program; `platform test` sets it.');
  const folder = await mkdtemp(join(tmpdir(), 'ecp-consul-'));
  const [http, server, gossip] = [await freePort(), await freePort(), await freePort()];
  const url = `http://127.0.0.1:${http}`;
  const configuration = {
    server: true,
    bootstrap_expect: 1,
    node_name: `consul-${http}`,
    data_dir: join(folder, 'data'),
    bind_addr: '127.0.0.1',
    log_level: 'warn',
    disable_update_check: true,
    connect: { enabled: false },
    performance: { raft_multiplier: 1 },
    ...more,
    client_addr: '127.0.0.1',
    ports: { http, server, serf_lan: gossip, serf_wan: -1, dns: -1, grpc: -1, grpc_tls: -1 },
  };
  await writeFile(join(folder, 'consul.json'), JSON.stringify(configuration));
  const start = async (): Promise<ServerProcess> => {
    const process = startServer(program, ['agent', `-config-file=${join(folder, 'consul.json')}`]);
    await untilReady('Consul', process, 30_000, async () => {
      const leader = await (await fetch(`${url}/v1/status/leader`)).json();
      if (!leader) throw new Error('there is no leader yet');
    });
    return process;
  };
  let running = await start();
  return {
    url,
    kill: () => running.stop('SIGKILL'),
    async restart() {
      running = await start();
    },
    async stop() {
      await running.stop('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
