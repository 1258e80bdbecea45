import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LocalError } from '../errors';
import { cacheDir } from '../paths';
import { acquireLock } from './lock';
import { type CachedRecipe, recipeDir } from './recipe';

const isThere = (recipe: CachedRecipe, folder: string) =>
  Object.values(recipe.provides).every((path) => path !== undefined && existsSync(join(folder, path)));

/** The folder that holds the recipe's tools, or undefined when they are still to be made. */
export const findCached = (recipe: CachedRecipe): string | undefined => {
  const folder = recipeDir(recipe);
  return isThere(recipe, folder) ? folder : undefined;
};

/** Go builds leave a few gigabytes behind in Go's own caches. */
const bytesNeeded = (recipe: CachedRecipe) => (recipe.kind === 'go' ? 3e9 : 3e8);

const checkSpace = (recipe: CachedRecipe, folder: string) => {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const needed = bytesNeeded(recipe);
  if (free >= needed) return;
  throw new LocalError(
    `${recipe.name} needs about ${(needed / 1e9).toFixed(1)} GB of disk, ${folder} has ${(free / 1e9).toFixed(1)} GB left`,
    { hint: 'Free some space, or set XDG_CACHE_HOME to a folder on a larger disk.', retriable: true },
  );
};

/**
 * Makes a recipe's folder unless it is there. `build` fills a folder of its own, which is put in place in one step at
 * the end: a build that is cut short leaves nothing anyone could take for a tool. One process builds, others wait.
 */
export const ensureCached = async (
  recipe: CachedRecipe,
  build: (folder: string) => Promise<void>,
  detail: (line: string) => void,
): Promise<string> => {
  const home = cacheDir('tools', recipe.name);
  mkdirSync(home, { recursive: true });
  const lock = await acquireLock(join(home, '.lock'), detail);
  try {
    const ready = findCached(recipe);
    if (ready) return ready;
    for (const name of readdirSync(home)) {
      // Holding the lock means that whoever began these is gone.
      if (name.startsWith('.building-')) rmSync(join(home, name), { recursive: true, force: true });
    }
    checkSpace(recipe, home);
    const draft = mkdtempSync(join(home, '.building-'));
    try {
      await build(draft);
      if (!isThere(recipe, draft)) {
        throw new LocalError(
          `${recipe.name} was built, but does not hold all of: ${Object.keys(recipe.provides)}`,
          {
            hint: 'The recipe in local/toolchain/tools.ts and what it builds have grown apart.',
          },
        );
      }
      const folder = recipeDir(recipe);
      mkdirSync(dirname(folder), { recursive: true });
      rmSync(folder, { recursive: true, force: true });
      renameSync(draft, folder);
      return folder;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
};
