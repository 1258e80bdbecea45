import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../paths';

interface Common<Name extends string = string> {
  name: string;
  version: string;
  /** Measured on two cores that had nothing else to do. */
  secondsToBuild: number;
  /** Tool name → where it is: inside the recipe's folder in the cache, or absolute for what Debian installs. */
  provides: Partial<Record<Name, string>>;
}

/** Commands of a Go module of our own, whose go.sum pins everything it is built from. */
export interface GoRecipe extends Common {
  kind: 'go';
  /** Folder of the module, relative to `local/`. */
  folder: string;
  builds: { packages: string[]; tags?: string; ldflags?: string }[];
}

/** Files that travel inside a Go module. */
export interface ModuleFilesRecipe extends Common {
  kind: 'module-files';
  folder: string;
  module: string;
  /** Path in the module → path in the recipe's folder. */
  copies: Record<string, string>;
}

/** A package of the system's own package manager; `version` is the lowest that will do. */
export interface DebianRecipe extends Common {
  kind: 'debian';
  package: string;
  /** Services it brings that must not be started, now or at the next boot. */
  services?: string[];
}

/** A wheel; `requirements.txt` in the folder pins it by hash. */
export interface PypiRecipe extends Common {
  kind: 'pypi';
  folder: string;
  executables: string[];
}

/** Jars of `pom.xml` in the folder, each of which must be listed in `SHA256SUMS` beside it. */
export interface MavenRecipe extends Common {
  kind: 'maven';
  folder: string;
}

/** A package of npm that holds executables. */
export interface NpmRecipe extends Common {
  kind: 'npm';
  package: string;
  /** `sha512-<base64>` of the tarball. */
  integrity: string;
  /** Path of the zip archive in the tarball that holds the executables; unset where the tarball does. */
  archive?: string;
  /** Paths in the archive, or in the tarball. */
  executables: string[];
}

export type Recipe = GoRecipe | ModuleFilesRecipe | DebianRecipe | PypiRecipe | MavenRecipe | NpmRecipe;
export type CachedRecipe = Exclude<Recipe, DebianRecipe>;

/** Where the folders named in recipes start. */
export const localDir = join(__dirname, '..');

/** Raise it when an installer lays its folder out differently. */
const layout = 1;

/** A hash of all that decides what comes out: the recipe itself and the files it names. */
export const recipeHash = (recipe: CachedRecipe, root = localDir): string => {
  const hash = createHash('sha256').update(JSON.stringify([layout, process.arch, recipe]));
  if ('folder' in recipe) {
    const folder = join(root, recipe.folder);
    const inputs = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(go|mod|sum|txt|xml)$|^SHA256SUMS$/.test(entry.name))
      .map((entry) => entry.name)
      .sort();
    for (const name of inputs) hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 12);
};

/** The folder of exactly this recipe in the cache: a changed recipe never meets what an older one left. */
export const recipeDir = (recipe: CachedRecipe, root = localDir): string =>
  cacheDir('tools', recipe.name, `${recipe.version}-${recipeHash(recipe, root)}`);
