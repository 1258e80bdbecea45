import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { LocalError } from '../errors';
import type { Entry } from './sources';

/** Things packages try to load and do without when they are absent. */
const optional = ['pg-native', 'pg-cloudflare', 'snappy', '@node-rs/argon2-wasm32-wasi', 'cpu-features'];

/** Makes one CommonJS file of a program and its packages, with native modules beside it. */
const bundleNow = async (root: string, entry: string) => {
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: root,
      entryPoints: { main: entry },
      outdir: '/bundle',
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      keepNames: true,
      write: false,
      metafile: true,
      logLevel: 'silent',
      external: optional,
      // A bundle names its files as they are reached, wherever linked packages lie: checkouts that are alike make one image.
      preserveSymlinks: true,
      // Native modules are copied beside the bundle under their own names.
      loader: { '.node': 'copy' },
      assetNames: '[name]',
      // Packages for another module system ask where they lie; in one file there is only one answer.
      define: { 'import.meta.url': 'bundleUrl' },
      banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
    });
    return {
      inputs: Object.keys(metafile.inputs).filter((path) => !path.startsWith('(')),
      files: outputFiles.map((file) => ({ name: relative('/bundle', file.path), content: file.contents })),
    };
  } catch (cause) {
    throw new LocalError(
      `${entry} cannot be bundled: ${(cause as Error).message.split('\n').slice(0, 6).join('\n')}`,
      {
        hint: 'Check the types and imports with: npm run check',
        cause,
      },
    );
  }
};

interface Remembered {
  inputs: Record<string, string>;
  files: string[];
}

/** Not inputs of esbuild's own account, but they decide what an import leads to. */
const decisive = ['package-lock.json', 'tsconfig.json'];

const stampOf = (root: string, path: string, began = Number.POSITIVE_INFINITY): string => {
  const found = statSync(resolve(root, path), { bigint: true, throwIfNoEntry: false });
  if (found && Number(found.mtimeMs) >= began) return 'saved while it was bundled: look again next time';
  return found ? `${found.size}.${found.mtimeNs}.${found.ino}` : 'absent';
};

const recall = (root: string, folder: string): string[] | undefined => {
  try {
    const memory: Remembered = JSON.parse(readFileSync(join(folder, 'inputs.json'), 'utf8'));
    const same = Object.entries(memory.inputs).every(([path, stamp]) => stampOf(root, path) === stamp);
    return same && memory.files.every((name) => existsSync(join(folder, name))) ? memory.files : undefined;
  } catch {
    return undefined; // never bundled, or not to its end
  }
};

/**
 * The bundle of a program as files in `cache`. Bundled again only when one of the files that went into it has changed.
 * Throws a LocalError when the entry is missing or does not compile.
 */
export const bundle = async (root: string, entry: string, cache: string): Promise<Entry[]> => {
  if (!existsSync(join(root, entry))) {
    throw new LocalError(`There is no ${entry} to make an image of`, {
      hint: 'A service is a folder in services/ with a main.ts; see the README there.',
    });
  }
  const folder = join(
    cache,
    resolve(root, entry)
      .replace(/[^\w-]+/g, '_')
      .slice(-100),
  );
  let names = recall(root, folder);
  if (!names) {
    const began = Date.now();
    const { inputs, files } = await bundleNow(root, entry);
    const making = `${folder}.${process.pid}`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    for (const file of files) writeFileSync(join(making, file.name), file.content);
    names = files.map((file) => file.name);
    const stamps = Object.fromEntries(
      [...decisive, ...inputs].map((path) => [path, stampOf(root, path, began)]),
    );
    const memory: Remembered = { inputs: stamps, files: names };
    writeFileSync(join(making, 'inputs.json'), JSON.stringify(memory));
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  }
  return names.map((name) => ({ to: name, mode: 0o644, from: join(folder, name) }));
};
