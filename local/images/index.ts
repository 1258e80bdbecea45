import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '../errors';
import { cacheDir } from '../paths';
import type { Progress } from '../progress';
import { ensureTools, type ToolName } from '../toolchain';
import { acquireLock } from '../toolchain/lock';
import { Buildah, stage } from './buildah';
import { bundle } from './bundle';
import { contentHash, FileMemory } from './hash';
import { type ImageSpec, platformImages, publicBases, serviceImage } from './images';
import { withLibraries } from './libraries';
import { maker } from './made';
import { type Entry, resolveSource } from './sources';

/** An image that is ready to be loaded. `archive` is a docker archive in the cache. */
export interface BuiltImage {
  name: string;
  reference: string;
  archive: string;
}

export interface BuildOptions {
  /** Which images; all when left out. */
  names?: string[];
  progress: Progress;
  /** The checkout whose services/ are bundled. */
  serviceRoot?: string;
  /** Gets tools; replaced in tests. */
  tools?: typeof ensureTools;
  /** Where archives and storage go; replaced in tests. */
  cache?: string;
}

const repository = (name: string) => `localhost/ecommerce-platform/${name}`;

/** A service is a folder of services/ that has a main.ts: a new one needs no change here. */
export const serviceNames = (root: string): string[] => {
  const folder = join(root, 'services');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'main.ts')))
    .sort();
};

export const imageSpecs = (root: string): ImageSpec[] => [
  ...platformImages,
  ...serviceNames(root).map(serviceImage),
];

const choose = (specs: ImageSpec[], names?: string[]): ImageSpec[] => {
  const unknown = names?.filter((name) => !specs.some((spec) => spec.name === name)) ?? [];
  if (unknown.length > 0) {
    throw new LocalError(`There is no image called ${unknown.join(', ')}`, {
      hint: `Known are: ${specs.map((spec) => spec.name).join(', ')}. A service needs a services/<name>/main.ts.`,
    });
  }
  return specs.filter((spec) => (names ? names.includes(spec.name) : spec.archived !== false));
};

const containerfileOf = ({ containerfile }: ImageSpec): string =>
  readFileSync(join(__dirname, 'containerfiles', `${containerfile}.Containerfile`), 'utf8');

interface Planned {
  spec: ImageSpec;
  containerfile: string;
  entries: Entry[];
  reference: string;
  base?: Planned;
}

/** Works out what each image consists of, and so its tag. Builds nothing but small helpers. */
class Planner {
  private readonly planned = new Map<string, Promise<Planned>>();

  constructor(
    private readonly specs: ImageSpec[],
    private readonly root: string,
    private readonly cache: string,
    private readonly tools: Partial<Record<ToolName, string>>,
    private readonly memory: FileMemory,
  ) {}

  plan(name: string): Promise<Planned> {
    const before = this.planned.get(name);
    if (before) return before;
    const plan = this.work(this.specs.find((spec) => spec.name === name)!);
    this.planned.set(name, plan);
    return plan;
  }

  /** What the list says is in an image, without what it stands on. */
  async files(spec: ImageSpec): Promise<Entry[]> {
    const own = join(__dirname, 'files');
    const context = {
      image: spec.name,
      tools: this.tools,
      ownFiles: own,
      make: maker(join(this.cache, 'made'), own, this.tools),
      bundle: (entry: string) => bundle(this.root, entry, join(this.cache, 'bundles')),
    };
    return (await Promise.all(spec.files.map((source) => resolveSource(source, context)))).flat();
  }

  private async work(spec: ImageSpec): Promise<Planned> {
    const base = spec.base ? await this.plan(spec.base) : undefined;
    const containerfile = containerfileOf(spec);
    const sources = await this.files(spec);
    const inBase = new Set<string>();
    for (let at = base; at; at = at.base) for (const entry of at.entries) inBase.add(entry.to);
    const entries = withLibraries(spec.name, sources, this.memory).filter((entry) => !inBase.has(entry.to));
    const hash = contentHash(containerfile, base?.reference ?? '', entries, this.memory);
    return { spec, containerfile, entries, reference: `${repository(spec.name)}:${hash}`, base };
  }
}

const tagOf = (reference: string) => reference.slice(reference.lastIndexOf(':') + 1);

/** How many archives of one image stay: the newest, and one to go back to without building. */
const keep = 2;

const prune = (folder: string) => {
  const archives = readdirSync(folder)
    .filter((name) => name.endsWith('.tar'))
    .map((name) => ({ path: join(folder, name), time: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { path } of archives.slice(keep)) rmSync(path, { force: true });
};

/**
 * Builds what is not in the cache yet; when nothing changed it only looks. Images come in the order of the list, bases first.
 * Throws a LocalError that names the missing file or program, or an unknown image.
 */
export const buildImages = async (options: BuildOptions): Promise<BuiltImage[]> => {
  const root = options.serviceRoot ?? join(__dirname, '..', '..');
  const cache = options.cache ?? cacheDir('images');
  const specs = imageSpecs(root);
  const wanted = choose(specs, options.names);
  const needed = new Set(wanted);
  for (const spec of needed) if (spec.base) needed.add(specs.find((other) => other.name === spec.base)!);

  const toolNames = [...new Set([...needed].flatMap((spec) => spec.tools))].sort();
  const tools = await (options.tools ?? ensureTools)(toolNames, options.progress);
  mkdirSync(cache, { recursive: true });
  const memory = new FileMemory(join(cache, 'files.json'));
  const planner = new Planner(specs, root, cache, tools, memory);
  const planned = await Promise.all(wanted.map((spec) => planner.plan(spec.name)));
  memory.save();

  const archiveOf = (image: Planned) => join(cache, image.spec.name, `${tagOf(image.reference)}.tar`);
  const missing = planned.filter((image) => !existsSync(archiveOf(image)));
  if (missing.length > 0) {
    const { buildah } = await (options.tools ?? ensureTools)(['buildah'], options.progress);
    const builder = new Buildah(cache, buildah);
    const lock = await acquireLock(join(cache, 'lock'), options.progress.note);
    try {
      for (const image of missing) await buildOne(image, archiveOf(image), builder, options.progress);
      await dropOldBases(planned, specs, builder);
    } finally {
      await lock.release();
    }
  }
  return planned.map((image) => ({
    name: image.spec.name,
    reference: image.reference,
    archive: archiveOf(image),
  }));
};

const buildOne = async (image: Planned, archive: string, builder: Buildah, progress: Progress) => {
  if (existsSync(archive)) return; // another process was faster
  const chain: Planned[] = [];
  for (let at = image.base; at; at = at.base) chain.unshift(at);
  for (const base of chain) {
    if (await builder.has(base.reference)) continue;
    await progress.step(`Building the base ${base.spec.name}`, (detail) =>
      builder.build({ ...base, base: base.base?.reference }, detail),
    );
  }
  await progress.step(`Building the image ${image.spec.name}`, async (detail) => {
    await builder.build({ ...image, base: image.base?.reference }, detail);
    await builder.save(image.reference, archive);
    // Only bases stay in the storage; what has an archive need not be there twice.
    if (image.spec.archived !== false) await builder.remove([image.reference]);
    prune(join(archive, '..'));
  });
};

const dropOldBases = async (planned: Planned[], specs: ImageSpec[], builder: Buildah) => {
  const inUse = new Set(planned.flatMap((image) => (image.base ? [image.base.reference] : [])));
  const names = new Set([...inUse].map((reference) => reference.slice(0, reference.lastIndexOf(':'))));
  const known = specs.filter((spec) => spec.archived === false).map((spec) => repository(spec.name));
  const old = (await builder.list()).filter((reference) => {
    const name = reference.slice(0, reference.lastIndexOf(':'));
    return known.includes(name) && names.has(name) && !inUse.has(reference);
  });
  if (old.length > 0) await builder.remove(old);
};

/** Images that a registry can hold: those with a public image to stand on. */
export const publishable = (root: string): string[] =>
  imageSpecs(root)
    .filter(({ base, name }) => base && publicBases[base] && !name.endsWith('-sandbox'))
    .map(({ name }) => name);

export interface StageOptions extends Pick<BuildOptions, 'progress' | 'serviceRoot' | 'tools' | 'cache'> {
  names: string[];
  /** Gets a folder per image. */
  out: string;
}

/**
 * Lays out what `docker build` needs, a folder per image with its Containerfile and its files, on the public base in place of the one
 * made here. Returns the folders. Throws a LocalError for an image that has no public base.
 */
export const stageImages = async (options: StageOptions): Promise<string[]> => {
  const root = options.serviceRoot ?? join(__dirname, '..', '..');
  const cache = options.cache ?? cacheDir('images');
  const specs = imageSpecs(root);
  const homeless = options.names.filter((name) => !publishable(root).includes(name));
  if (homeless.length > 0) {
    throw new LocalError(`There is no public base for ${homeless.join(', ')}`, {
      hint: `These can be staged: ${publishable(root).join(', ')}`,
    });
  }
  const wanted = choose(specs, options.names);
  const toolNames = [...new Set(wanted.flatMap((spec) => spec.tools))].sort();
  const tools = toolNames.length ? await (options.tools ?? ensureTools)(toolNames, options.progress) : {};
  mkdirSync(cache, { recursive: true });
  const planner = new Planner(specs, root, cache, tools, new FileMemory(join(cache, 'files.json')));
  return Promise.all(
    wanted.map(async (spec) => {
      const folder = join(options.out, spec.name);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(join(folder, 'root'), { recursive: true });
      stage(await planner.files(spec), join(folder, 'root'));
      const base = publicBases[spec.base ?? ''];
      writeFileSync(
        join(folder, 'Containerfile'),
        containerfileOf(spec).replace(/^ARG BASE$/m, `ARG BASE=${base}`),
      );
      return folder;
    }),
  );
};
