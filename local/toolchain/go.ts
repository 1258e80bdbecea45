import { join } from 'node:path';
import { LocalError } from '../errors';
import { run } from '../exec';
import { type GoRecipe, localDir, type ModuleFilesRecipe } from './recipe';

export const goVersionNeeded = '1.26.0';

const hint = `Install Go ${goVersionNeeded} or newer and put it on PATH, or use your own cluster: platform up --context NAME.`;

const buildHint =
  'Run the same command again: what was compiled is kept. If it fails at the same place, see the lines above.';

/** The same flags for everybody, so that what is built does not depend on whose shell it is. */
const environment = () => ({
  ...process.env,
  CGO_ENABLED: '0',
  GOFLAGS: '-buildvcs=false -mod=readonly',
  GOWORK: 'off',
});

/** Throws a LocalError when Go is missing or too old. */
export const checkGo = async (): Promise<void> => {
  const { stdout } = await run('go', ['version'], { hint, timeoutMs: 20_000 });
  const found = /go(\d+)\.(\d+)/.exec(stdout);
  const [major = 0, minor = 0] = goVersionNeeded.split('.').map(Number);
  if (found && (Number(found[1]) > major || (Number(found[1]) === major && Number(found[2]) >= minor)))
    return;
  throw new LocalError(`Go ${goVersionNeeded} is needed, found: ${stdout.trim()}`, { hint });
};

/** Downloads what the build will need, so that it can be done while another one has the cores. */
export const fetchModules = async (recipe: GoRecipe): Promise<void> => {
  for (const { packages, tags } of recipe.builds) {
    await run('go', ['list', '-deps', ...(tags ? ['-tags', tags] : []), ...packages], {
      cwd: join(localDir, recipe.folder),
      env: environment(),
      hint: buildHint,
    });
  }
};

export const buildGo = async (
  recipe: GoRecipe,
  folder: string,
  detail: (line: string) => void,
): Promise<void> => {
  for (const { packages, tags, ldflags = '' } of recipe.builds) {
    // Low priority: the platform may be serving customers while this runs.
    const args = ['-n', '5', 'go', 'build', '-v', '-trimpath', '-ldflags', `-s -w ${ldflags}`.trim()];
    if (tags) args.push('-tags', tags);
    await run('nice', [...args, '-o', `${folder}/`, ...packages], {
      cwd: join(localDir, recipe.folder),
      env: environment(),
      onLine: detail,
      hint: buildHint,
    });
  }
};

export const copyModuleFiles = async (recipe: ModuleFilesRecipe, folder: string): Promise<void> => {
  const { stdout } = await run('go', ['mod', 'download', '-json', recipe.module], {
    cwd: join(localDir, recipe.folder),
    env: environment(),
    hint: buildHint,
  });
  const { Dir: source } = JSON.parse(stdout) as { Dir: string };
  for (const [from, to] of Object.entries(recipe.copies)) {
    // Modules are read-only; what is copied must be removable.
    await run('cp', ['-R', '--no-preserve=mode,ownership', join(source, from), join(folder, to)]);
  }
};
