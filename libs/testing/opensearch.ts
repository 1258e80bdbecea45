import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { javaProgram } from './kafka';
import { freePort, startServer, untilReady } from './process';

export interface TestOpenSearch {
  url: string;
  stop(): Promise<void>;
}

const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

/** A real OpenSearch node on loopback. Jars from $ECP_OPENSEARCH_HOME/libs; `platform test` sets it. */
export async function startOpenSearch(): Promise<TestOpenSearch> {
  const home = process.env.ECP_OPENSEARCH_HOME;
  if (!home || !existsSync(join(home, 'libs'))) {
    throw new Error(
      'ECP_OPENSEARCH_HOME must name a folder with libs/*.jar of OpenSearch; `platform test` sets it.',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'ecp-opensearch-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = join(__dirname, 'OpenSearchNode.java');
  const server = startServer(
    javaProgram(),
    [...flags, '-cp', join(home, 'libs', '*'), program, folder, String(port)],
    { cwd: folder, env: process.env },
  );
  await untilReady('OpenSearch', server, 120_000, async () => {
    const { status } = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`);
    if (status !== 200) throw new Error(`answered ${status}`);
  });
  return {
    url,
    async stop() {
      await server.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
