import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './copy';

/** The embedded cluster under test. */
export const profile = process.env.ECP_PROFILE as string;

/** Selects it, and the engine that is always there. */
export const embedded = ['--profile', profile, '--engine', 'embedded'];

export interface Ended {
  /** Exit code; null when a signal ended it. */
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  cwd?: string;
  input?: string;
  /** Ends it in the middle of its work. */
  killAfterMs?: number;
}

/**
 * Runs `platform <args>` from a checkout, beside the test: a test that blocked would not see what happens to its
 * connections meanwhile.
 */
export const platform = (args: string[], { cwd = root, input, killAfterMs }: Running = {}) =>
  new Promise<Ended>((resolve, reject) => {
    const child = spawn(process.execPath, [join(cwd, 'cli/bin/platform.mjs'), ...args], { cwd });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk;
    });
    if (killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs).unref();
    child.on('error', reject).on('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.end(input);
  });

const succeeded = async (args: string[], running?: Running): Promise<string> => {
  const { status, stdout, stderr } = await platform(args, running);
  if (status !== 0) throw new Error(`platform ${args.slice(0, 9).join(' ')} failed: ${stdout}${stderr}`);
  return stdout;
};

/** Brings the platform up as a checkout describes it. */
export const up = (cwd: string) => succeeded(['up', ...embedded], { cwd });

const toKubectl = ['kubectl', '--profile', profile, '--'];

/** What kubectl prints about the cluster under test. Throws when it fails. */
export const kubectl = (...args: string[]) => succeeded([...toKubectl, ...args]);

const ofPlatform = ['-n', 'ecommerce-platform'];

/** The same of the platform's own namespace. */
export const inPlatform = (...args: string[]) => kubectl(...ofPlatform, ...args);

/** The same, whether kubectl fails or not. */
export const tryInPlatform = (...args: string[]) => platform([...toKubectl, ...ofPlatform, ...args]);

export const apply = (objects: object[]) =>
  succeeded([...toKubectl, 'apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  });
