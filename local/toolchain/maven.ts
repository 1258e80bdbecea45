import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '../errors';
import { run } from '../exec';
import { installPackages } from './debian';
import { localDir, type MavenRecipe } from './recipe';

const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** Throws a LocalError unless `folder` holds exactly the files of a `sha256sum` listing, with those sums. */
export const checkSums = (folder: string, listing: string): void => {
  const wanted = new Map(
    listing
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+\*?/) as [string, string])
      .map(([sum, name]) => [name, sum]),
  );
  const found = readdirSync(folder);
  const wrong = found.filter(
    (name) =>
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex') !== wanted.get(name),
  );
  const missing = [...wanted.keys()].filter((name) => !found.includes(name));
  if (wrong.length + missing.length === 0) return;
  throw new LocalError(
    `checksum mismatch: ${[...wrong, ...missing.map((name) => `${name} (missing)`)].slice(0, 5).join(', ')}`,
    { hint: 'Nothing was installed. Remove these artifacts from Maven’s local repository and try again.' },
  );
};

export const installJars = async (
  recipe: MavenRecipe,
  folder: string,
  detail: (line: string) => void,
  root = localDir,
): Promise<void> => {
  const mavenThere = await run('mvn', ['--version'], { timeoutMs: 60_000 }).then(
    () => true,
    () => false,
  );
  if (!mavenThere) await installPackages(['maven'], [], detail);
  // A copy, because Maven writes beside the file it is given.
  const pom = join(folder, 'pom.xml');
  copyFileSync(join(root, recipe.folder, 'pom.xml'), pom);
  const libs = join(folder, 'libs');
  mkdirSync(libs);
  await run('mvn', ['-B', '-f', pom, plugin, '-DincludeScope=runtime', `-DoutputDirectory=${libs}`], {
    onLine: detail,
  });
  rmSync(pom);
  checkSums(libs, readFileSync(join(root, recipe.folder, 'SHA256SUMS'), 'utf8'));
};
