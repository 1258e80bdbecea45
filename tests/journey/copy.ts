import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');

/** A checkout of its own to change things in: our files are copied, installed packages linked. */
export const copyOfCheckout = (): string => {
  const copy = mkdtempSync(join(tmpdir(), 'platform-copy-'));
  const tracked = ['ls-files', '--cached', '--others', '--exclude-standard'];
  for (const file of execFileSync('git', tracked, { cwd: root, encoding: 'utf8' }).trim().split('\n'))
    cpSync(join(root, file), join(copy, file));
  for (const modules of ['node_modules', ...workspaceModules()])
    linkPackages(join(root, modules), join(copy, modules));
  return copy;
};

const workspaceModules = () =>
  [
    'infra',
    'policies',
    'libs',
    'local',
    'cli',
    ...readdirSync(join(root, 'services')).map((name) => `services/${name}`),
  ]
    .map((folder) => `${folder}/node_modules`)
    .filter((folder) => lstatSync(join(root, folder), { throwIfNoEntry: false })?.isDirectory());

/** Packages of the workspace keep their relative links, so that the copy runs its own code. */
const linkPackages = (from: string, to: string) => {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name === '@platform') {
      mkdirSync(join(to, name));
      for (const own of readdirSync(join(from, name)))
        symlinkSync(readlinkSync(join(from, name, own)), join(to, name, own));
    } else symlinkSync(join(from, name), join(to, name));
  }
};
