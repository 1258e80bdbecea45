import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const given = new Set<number>();

/**
 * A port on loopback that nobody listens on, never the same twice. Below the range the kernel takes ports from (32768
 * up): one of those may be given out again, or become the near end of a connection, before the server asking has opened it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    if (given.has(port)) continue;
    given.add(port);
    if (await canListen(port)) return port;
  }
}

const canListen = (port: number) =>
  new Promise<boolean>((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

export interface ServerProcess {
  child: ChildProcess;
  /** The end of what it wrote, for error messages. */
  output(): string;
  /** Sends the signal and waits for the end; SIGKILL after 10 s. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

const asRoot = process.getuid?.() === 0;
const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0;

/**
 * Starts a server that ends together with this process, even when this one is killed (where setpriv is at hand).
 * `uid` is only honoured for root.
 */
export function startServer(
  command: string,
  args: string[],
  options: { uid?: number; onParentDeath?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): ServerProcess {
  const prefix: string[] = [];
  if (hasSetpriv) {
    prefix.push('setpriv', '--pdeathsig', options.onParentDeath ?? 'KILL');
    if (asRoot && options.uid !== undefined) {
      prefix.push('--reuid', String(options.uid), '--regid', String(options.uid), '--clear-groups');
    }
  }
  const [program = command, ...rest] = [...prefix, command, ...args];
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(!hasSetpriv && asRoot && options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  let tail = '';
  const keep = (chunk: Buffer): void => {
    tail = (tail + chunk.toString()).slice(-8000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(String(error))));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    child,
    output: () => tail,
    async stop(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Tries `attempt` until it resolves. @throws with the server's last words when it ends or the time is over. */
export async function untilReady(
  name: string,
  server: ServerProcess,
  timeoutMs: number,
  attempt: () => Promise<unknown>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      const over = server.child.exitCode !== null || server.child.signalCode !== null;
      if (over || Date.now() > deadline) {
        await server.stop('SIGKILL');
        throw new Error(`${name} did not become ready (${(error as Error).message}):\n${server.output()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Runs to its end. @throws with its output when it fails. */
export async function runToEnd(
  command: string,
  args: string[],
  options: Parameters<typeof startServer>[2] = {},
): Promise<void> {
  const server = startServer(command, args, options);
  const code = await new Promise<number | null>((resolve) => {
    server.child.once('close', resolve);
    server.child.once('error', () => resolve(null));
  });
  if (code !== 0) throw new Error(`${command} failed (${code}):\n${server.output()}`);
}
