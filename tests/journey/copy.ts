import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export const root = join(__dirname, '..', '..');

/** A checkout of its own to change things in: our files are copied, installed packages linked. */
export const copyOfCheckout = (): string => {
  const copy = mkdtempSync(join(tmpdir(), 'platform-copy-'));
  const list = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  for (const file of files) cpSync(join(root, file), join(copy, file));
  for (const manifest of files.filter((file) => basename(file) === 'package.json')) {
    const modules = join(dirname(manifest), 'node_modules');
    if (existsSync(join(root, modules))) linkPackages(join(root, modules), join(copy, modules));
  }
  return copy;
};

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
