import { isAbsolute, join } from 'node:path';
import { LocalError } from '../errors';
import type { Progress } from '../progress';
import { ensureCached, findCached } from './cache';
import { ensurePackages, installedVersions, satisfies } from './debian';
import { explainFailure } from './failures';
import { buildGo, checkGo, copyModuleFiles, fetchModules } from './go';
import { installJars } from './maven';
import { installFromNpm } from './npm';
import { installWheel } from './pypi';
import type { CachedRecipe, DebianRecipe, GoRecipe, Recipe } from './recipe';
import { recipes, type ToolName } from './tools';

export { type Diagnosis, diagnose } from './doctor';
export { type Tool, type ToolName, toolGroups, tools } from './tools';

const build = (recipe: CachedRecipe, folder: string, detail: (line: string) => void): Promise<void> => {
  switch (recipe.kind) {
    case 'go':
      return buildGo(recipe, folder, detail);
    case 'module-files':
      return copyModuleFiles(recipe, folder);
    case 'pypi':
      return installWheel(recipe, folder, detail);
    case 'maven':
      return installJars(recipe, folder, detail);
    case 'npm':
      return installFromNpm(recipe, folder);
  }
};

/** One after the other, across all calls in this process: each Go build takes every core there is. */
const createLane = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(job: () => Promise<T>): Promise<T> => {
    const turn = last.then(job);
    last = turn.catch(() => {});
    return turn;
  };
};
const goLane = createLane();
const fetchLane = createLane();

const title = (recipe: Recipe) =>
  `${recipe.kind === 'go' ? 'build' : 'fetch'} ${recipe.name} ${recipe.version} (about ${recipe.secondsToBuild} s)`;

const make = (recipe: CachedRecipe, progress: Progress): Promise<string> =>
  progress.step(title(recipe), (detail) =>
    ensureCached(recipe, (folder) => build(recipe, folder, detail), detail).catch((error: unknown) => {
      throw explainFailure(recipe.name, error);
    }),
  );

const makeGo = (recipe: GoRecipe, progress: Progress): Promise<string> => {
  // The next one's modules come in while this one compiles. A failure here shows again, with its reason, in the build.
  const fetched = fetchLane(() => fetchModules(recipe).catch(() => {}));
  return goLane(async () => {
    await fetched;
    return make(recipe, progress);
  });
};

/** So that two parts of one program that want the same tool share one build. */
const underWay = new Map<string, Promise<string>>();

const start = (recipe: CachedRecipe, progress: Progress): Promise<string> => {
  const already = underWay.get(recipe.name);
  if (already) return already;
  const work = recipe.kind === 'go' ? makeGo(recipe, progress) : make(recipe, progress);
  underWay.set(recipe.name, work);
  const forget = () => underWay.delete(recipe.name);
  work.then(forget, forget);
  return work;
};

const startPackages = async (missing: DebianRecipe[], progress: Progress): Promise<void> => {
  const names = missing.map((recipe) => recipe.package).join(' ');
  await progress.step(`install ${names}`, (detail) =>
    ensurePackages(missing, detail).catch((error: unknown) => {
      throw explainFailure('system packages', error);
    }),
  );
};

const checkPlatform = () => {
  if (process.platform === 'linux' && process.arch === 'x64') return;
  throw new LocalError(
    `The embedded cluster's tools run on x86-64 Linux, this is ${process.platform} ${process.arch}`,
    {
      hint: 'Use a cluster of your own (platform up --context NAME), or a machine of that kind.',
    },
  );
};

const recipesFor = (names: readonly ToolName[]): Recipe[] => {
  const unknown = names.filter((name) => !recipes.some((recipe) => name in recipe.provides));
  if (unknown.length > 0) {
    throw new LocalError(`There is no tool named ${unknown.join(', ')}`, {
      hint: `Known are: ${recipes.flatMap((recipe) => Object.keys(recipe.provides)).join(' ')}`,
    });
  }
  return recipes.filter((recipe) => names.some((name) => name in recipe.provides));
};

/** Whether a tool was built before; a system package does not count. */
export const isBuilt = (tool: ToolName): boolean =>
  recipesFor([tool]).every((recipe) => recipe.kind !== 'debian' && findCached(recipe) !== undefined);

/**
 * Absolute paths of the tools, each a file or a folder; builds and installs what is missing. Throws a LocalError that
 * says what to do when that is not possible. What was finished before a failure stays.
 */
export const ensureTools = async <Name extends ToolName>(
  names: readonly Name[],
  progress: Progress,
): Promise<Record<Name, string>> => {
  checkPlatform();
  const wanted = recipesFor(names);
  const packages = wanted.filter((recipe) => recipe.kind === 'debian');
  const others = wanted.filter((recipe) => recipe.kind !== 'debian');
  const folders = new Map<string, string>();
  for (const recipe of others) {
    const folder = findCached(recipe);
    if (folder) folders.set(recipe.name, folder);
  }
  const toMake = others.filter((recipe) => !folders.has(recipe.name));
  const installed = await installedVersions(packages.map((recipe) => recipe.package));
  const toInstall = packages.filter((recipe) => !satisfies(recipe, installed));
  if (toMake.some((recipe) => recipe.kind === 'go' || recipe.kind === 'module-files')) await checkGo();
  const jobs = [
    ...(toInstall.length > 0 ? [startPackages(toInstall, progress)] : []),
    ...toMake.map(async (recipe) => {
      folders.set(recipe.name, await start(recipe, progress));
    }),
  ];
  // All are awaited even when one fails: a half-done download must not go on behind the back of whoever handles it.
  const results = await Promise.allSettled(jobs);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const paths = wanted.flatMap((recipe) =>
    Object.entries(recipe.provides).map(([name, path]) => {
      const place = path as string;
      return [name, isAbsolute(place) ? place : join(folders.get(recipe.name) ?? '', place)] as const;
    }),
  );
  const byName = new Map(paths);
  return Object.fromEntries(names.map((name) => [name, byName.get(name)])) as Record<Name, string>;
};
