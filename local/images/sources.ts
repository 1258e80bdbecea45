import { accessSync, constants, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { LocalError } from '../errors';
import type { ToolName } from '../toolchain';

interface Filter {
  /** Patterns over the path inside a folder. */
  only?: string;
  not?: string;
}

/** Where something in an image comes from. Folders are taken whole; links are followed. */
export type Source =
  | ({ tool: ToolName; path?: string; to: string } & Filter)
  | ({ host: string; to?: string; package: string } & Filter)
  | { program: string; to?: string; package: string }
  | { own: string; to: string; mode?: number }
  | { text: string; to: string; mode?: number }
  | { made: 'pause' | 'jre' | 'kafka-helpers'; to: string }
  | { bundle: string; to: string }
  | { link: string; to: string }
  | { folder: string; mode: number };

/** One path in an image. Exactly one of `from`, `content`, `link`, `folder` says what is there. */
export interface Entry {
  to: string;
  mode: number;
  from?: string;
  content?: Uint8Array;
  link?: string;
  folder?: true;
}

export interface Context {
  image: string;
  tools: Partial<Record<ToolName, string>>;
  ownFiles: string;
  /** Folder with the product of one of our small build steps. */
  make(name: 'pause' | 'jre' | 'kafka-helpers'): Promise<string>;
  bundle(entry: string): Promise<Entry[]>;
}

const missing = (image: string, path: string, hint: string) =>
  new LocalError(`Image ${image} needs ${path}, which is not on this machine`, { hint });

/** Modes are set to one of two, so that the umask of whoever installed a file does not reach the image. */
const modeOf = (mode: number) => (mode & 0o111 ? 0o755 : 0o644);

const walk = (root: string, at = ''): string[] =>
  readdirSync(join(root, at), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((item) => {
      const path = join(at, item.name);
      const found = statSync(join(root, path), { throwIfNoEntry: false });
      if (!found) return []; // a dangling link
      return found.isDirectory() ? walk(root, path) : found.isFile() ? [path] : [];
    });

const take = (image: string, from: string, to: string, filter: Filter, hint: string): Entry[] => {
  const found = statSync(from, { throwIfNoEntry: false });
  if (!found) throw missing(image, from, hint);
  if (!found.isDirectory()) return [{ to, from: realpathSync(from), mode: modeOf(found.mode) }];
  const only = filter.only ? new RegExp(filter.only) : undefined;
  const not = filter.not ? new RegExp(filter.not) : undefined;
  return walk(from)
    .filter((path) => (!only || only.test(path)) && !not?.test(path))
    .map((path) => ({
      to: join(to, path),
      from: join(from, path),
      mode: modeOf(statSync(join(from, path)).mode),
    }));
};

const searchPath = () => [
  ...(process.env.PATH ?? '').split(delimiter),
  ...['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'],
];

const findProgram = (name: string): string | undefined => {
  // A wrapper script in /usr/local/bin is not what an image wants, so the system's folders go first.
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin', '/sbin', ...searchPath()]) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      if (lstatSync(join(folder, name))) return join(folder, name);
    } catch {}
  }
  return undefined;
};

const install = (name: string) => `Install it with: apt-get install ${name}`;

/** Lists what a source puts into the image. Throws a LocalError that names what is missing and how to get it. */
export const resolveSource = async (source: Source, context: Context): Promise<Entry[]> => {
  const { image } = context;
  if ('tool' in source) {
    const root = context.tools[source.tool];
    if (!root)
      throw missing(image, `the tool ${source.tool}`, 'See what is missing with: npx platform doctor');
    const hint = 'The cache may be damaged: remove the folder of this tool in the cache and start again.';
    return take(image, source.path ? join(root, source.path) : root, source.to, source, hint);
  }
  if ('host' in source)
    return take(image, source.host, source.to ?? source.host, source, install(source.package));
  if ('program' in source) {
    const found = findProgram(source.program);
    if (!found) throw missing(image, `the program ${source.program}`, install(source.package));
    return take(image, found, source.to ?? `/usr/bin/${source.program}`, {}, '');
  }
  if ('own' in source) {
    const [entry] = take(
      image,
      join(context.ownFiles, source.own),
      source.to,
      {},
      'This checkout is not complete.',
    );
    return [{ ...entry!, mode: source.mode ?? 0o644 }];
  }
  if ('made' in source) {
    return take(
      image,
      await context.make(source.made),
      source.to,
      {},
      'Remove the image cache and start again.',
    );
  }
  if ('bundle' in source) {
    const entries = await context.bundle(source.bundle);
    return entries.map((entry) => ({ ...entry, to: join(source.to, entry.to) }));
  }
  if ('text' in source)
    return [{ to: source.to, mode: source.mode ?? 0o644, content: Buffer.from(source.text) }];
  if ('link' in source) return [{ to: source.to, mode: 0o777, link: source.link }];
  return [{ to: source.folder, mode: source.mode, folder: true }];
};

export const insideOf = (folder: string, path: string) => !relative(folder, path).startsWith('..');
