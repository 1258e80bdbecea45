import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './copy';

/** The embedded cluster under test. */
export const profile = process.env.ECP_PROFILE as string;

/** Runs `platform <args>` from a checkout and waits for it. */
export const platform = (args: string[], cwd = root) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(cwd, 'cli/bin/platform.mjs'), ...args],
    { cwd, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 },
  );
  return { status, stdout, stderr };
};

/** What kubectl prints about the cluster under test. */
export const kubectl = (...args: string[]) =>
  platform(['kubectl', '--profile', profile, '--', ...args]).stdout;
