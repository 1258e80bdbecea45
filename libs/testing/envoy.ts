import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startServer, untilReady } from './process';

export interface TestEnvoy {
  url: string;
  stop(): Promise<void>;
}

/** A filter of HTTP as Envoy's configuration has it. */
export interface EnvoyFilter {
  name: string;
  typed_config: object;
}

const typed = (name: string, more: object = {}) => ({
  '@type': `type.googleapis.com/envoy.extensions.filters.${name}`,
  ...more,
});
const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

/** A real Envoy on loopback that hands everything to `port`, through `filters`. Program from ECP_ENVOY, else from PATH. */
export async function startEnvoy(port: number, filters: EnvoyFilter[]): Promise<TestEnvoy> {
  const listening = await freePort();
  const everything = { match: { prefix: '/' }, route: { cluster: 'upstream' } };
  const connectionManager = typed('network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'test',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [everything] }] },
    http_filters: [
      ...filters,
      { name: 'envoy.filters.http.router', typed_config: typed('http.router.v3.Router') },
    ],
  });
  const configuration = {
    static_resources: {
      listeners: [
        {
          address: address(listening),
          filter_chains: [
            {
              filters: [
                { name: 'envoy.filters.network.http_connection_manager', typed_config: connectionManager },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'upstream',
          connect_timeout: '1s',
          load_assignment: {
            cluster_name: 'upstream',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
          },
        },
      ],
    },
  };
  const folder = await mkdtemp(join(tmpdir(), 'ecp-envoy-'));
  const file = join(folder, 'envoy.json');
  await writeFile(file, JSON.stringify(configuration));
  const flags = ['--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning'];
  const server = startServer(process.env.ECP_ENVOY ?? 'envoy', ['-c', file, ...flags], {
    cwd: folder,
    env: process.env,
  });
  const url = `http://127.0.0.1:${listening}`;
  await untilReady('Envoy', server, 30_000, () => fetch(url));
  return {
    url,
    async stop() {
      await server.stop('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
