import { resolve } from 'node:path';
import { type ServerProcess, startServer, untilReady } from './process';

const root = resolve(__dirname, '../..');

/**
 * Starts a TypeScript program of this repository as a process of its own, for tests that must not import it.
 * @param file from the root of the repository
 * @param urls where it listens; resolves once each answers at `/health`
 */
export async function startProgram(
  file: string,
  urls: string[],
  env: Record<string, string>,
): Promise<ServerProcess> {
  const program = startServer(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  await untilReady(file, program, 40_000, async () => {
    for (const url of urls) {
      const { status } = await fetch(`${url}/health`);
      if (status !== 200) throw new Error(`${url} answered ${status}`);
    }
  });
  return program;
}
