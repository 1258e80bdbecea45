import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { freePort, startServer, untilReady } from './process';

export interface TestRedis {
  url: string;
  stop(): Promise<void>;
}

/** A real Redis on loopback, in memory only. Binary from ECP_REDIS_SERVER, else from PATH. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const server = startServer(
    process.env.ECP_REDIS_SERVER ?? 'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { cwd: tmpdir(), env: process.env },
  );
  await untilReady('Redis', server, 15_000, () => reach(port));
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.stop('SIGTERM') };
}

function reach(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
