import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { LocalError } from '../errors';
import { silentProgress } from '../progress';
import { recipes } from '../toolchain/tools';
import { bundle } from './bundle';
import { contentHash, FileMemory } from './hash';
import { platformImages, serviceImage } from './images';
import { buildImages, imageSpecs, publishable, serviceNames, stageImages } from './index';
import { type Context, type Entry, resolveSource } from './sources';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'images-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (path: string, text: string) => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
};

describe('the tag of an image', () => {
  const base: Entry[] = [
    { to: '/a', mode: 0o755, content: Buffer.from('a') },
    { to: '/b', mode: 0o644, content: Buffer.from('b') },
    { to: '/c', mode: 0o777, link: '/a' },
    { to: '/d', mode: 0o755, folder: true },
  ];
  const tag = (entries = base, containerfile = 'FROM x', from = 'base:1') =>
    contentHash(containerfile, from, entries);

  it('is 16 hex digits and does not depend on the order of the files', () => {
    expect(tag()).toMatch(/^[0-9a-f]{16}$/);
    fc.assert(
      fc.property(fc.shuffledSubarray(base, { minLength: base.length }), (entries) => tag(entries) === tag()),
    );
  });

  const changed = (index: number, change: Partial<Entry>) =>
    base.map((entry, at) => (at === index ? { ...entry, ...change } : entry));

  it.each<[string, () => string]>([
    ['the Containerfile', () => tag(base, 'FROM y')],
    ['the base', () => tag(base, 'FROM x', 'base:2')],
    ["a file's content", () => tag(changed(0, { content: Buffer.from('A') }))],
    ["a file's mode", () => tag(changed(0, { mode: 0o644 }))],
    ["a file's place", () => tag(changed(0, { to: '/aa' }))],
    ["a link's target", () => tag(changed(2, { link: '/b' }))],
    ["a folder's mode", () => tag(changed(3, { mode: 0o700 }))],
    ['a file that is gone', () => tag(base.slice(1))],
    ['a file more', () => tag([...base, { to: '/e', mode: 0o644, content: Buffer.from('') }])],
  ])('changes with %s', (_, make) => {
    expect(make()).not.toBe(tag());
  });

  it('depends on what is in a file, not on where it came from or when it was written', () => {
    const one = write('one', 'same');
    const two = write('elsewhere/two', 'same');
    utimesSync(two, 1, 1);
    const of = (from: string) => tag([{ to: '/f', mode: 0o644, from }]);
    expect(of(one)).toBe(of(two));
  });

  it('follows a file that changed although its hash is remembered', () => {
    const path = write('file', 'one');
    const of = (memory: FileMemory) => contentHash('', '', [{ to: '/f', mode: 0o644, from: path }], memory);
    const memory = new FileMemory(join(folder, 'memory.json'));
    const first = of(memory);
    memory.save();
    expect(of(new FileMemory(join(folder, 'memory.json')))).toBe(first);
    write('file', 'two');
    expect(of(new FileMemory(join(folder, 'memory.json')))).not.toBe(first);
  });

  it('is worked out again when the memory is damaged', () => {
    write('memory.json', '{"sha256');
    const path = write('file', 'one');
    const entries = [{ to: '/f', mode: 0o644, from: path }];
    const memory = new FileMemory(join(folder, 'memory.json'));
    expect(contentHash('', '', entries, memory)).toBe(contentHash('', '', entries));
  });
});

describe('the files of an image', () => {
  const context: Context = {
    image: 'demo',
    tools: {},
    ownFiles: '/nowhere',
    make: async () => '/nowhere',
    bundle: async () => [],
  };

  it.each<[string, Parameters<typeof resolveSource>[0], string, string]>([
    ['a tool', { tool: 'kafka', to: '/k' }, 'Image demo needs the tool kafka', 'platform doctor'],
    [
      'a program',
      { program: 'no-such-program', package: 'demo-package' },
      'the program no-such-program',
      'apt-get install demo-package',
    ],
    [
      'a file',
      { host: '/no/such/file', package: 'demo-package' },
      '/no/such/file',
      'apt-get install demo-package',
    ],
    ['a part of a tool', { tool: 'redis', path: 'gone', to: '/x' }, 'gone', 'start again'],
  ])('that lack %s fail with what is missing and what to do', async (_, source, message, hint) => {
    const error: LocalError = await resolveSource(source, { ...context, tools: { redis: folder } }).then(
      () => {
        throw new Error('it went through');
      },
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(LocalError);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  it('come from folders whole, filtered, with one of two modes', async () => {
    chmodSync(write('lib/run', ''), 0o700);
    chmodSync(write('lib/deep/data.txt', ''), 0o600);
    write('lib/skip/me', '');
    const source = { host: join(folder, 'lib'), to: '/x', not: '^skip/', package: 'p' };
    const entries = await resolveSource(source, context);
    expect(entries.map(({ to, mode }) => [to, mode])).toEqual([
      ['/x/deep/data.txt', 0o644],
      ['/x/run', 0o755],
    ]);
  });
});

describe('a bundle', () => {
  const cache = () => join(folder, 'cache');
  const text = async () =>
    readFileSync((await bundle(folder, 'services/a/main.ts', cache()))[0]!.from!, 'utf8');

  it('is one file, made again exactly when something in it changed', async () => {
    write('services/a/main.ts', "import { word } from './word'; console.log(word satisfies string);");
    write('services/a/word.ts', "export const word = 'first';");
    const first = await text();
    expect(first).toContain('first');
    const stamp = readdirSync(cache());
    expect(await text()).toBe(first);
    expect(readdirSync(cache())).toEqual(stamp);
    write('services/a/word.ts', "export const word = 'second';");
    expect(await text()).toContain('second');
  });

  it('of something that is not there, or does not compile, says what', async () => {
    await expect(bundle(folder, 'services/b/main.ts', cache())).rejects.toThrow(
      'There is no services/b/main.ts',
    );
    write('services/b/main.ts', "import './gone';");
    await expect(bundle(folder, 'services/b/main.ts', cache())).rejects.toThrow(
      /services\/b\/main\.ts cannot be bundled.*gone/s,
    );
  });
});

describe('the list of images', () => {
  it('has a service as soon as its folder has a main.ts', () => {
    write('services/order/main.ts', '');
    write('services/notes.md', '');
    mkdirSync(join(folder, 'services/empty'));
    expect(serviceNames(folder)).toEqual(['order']);
    expect(imageSpecs(folder).at(-1)).toEqual(serviceImage('order'));
  });

  it('names each image once, a base before what stands on it, and a Containerfile that exists', () => {
    const names = platformImages.map((spec) => spec.name);
    expect(new Set(names).size).toBe(names.length);
    const files = readdirSync(join(__dirname, 'containerfiles'));
    for (const [at, spec] of platformImages.entries()) {
      if (spec.base) expect(names.slice(0, at)).toContain(spec.base);
      expect(files).toContain(`${spec.containerfile}.Containerfile`);
    }
  });

  it('does not have an image of another name, and says which there are', async () => {
    const error = await buildImages({ names: ['pauze'], progress: silentProgress, cache: folder }).catch(
      (reason) => reason,
    );
    expect(error.message).toBe('There is no image called pauze');
    expect(error.hint).toContain('pause');
  });

  it.each(readdirSync(join(__dirname, 'containerfiles')))(
    '%s runs as a user by number that is not root',
    (name) => {
      const text = readFileSync(join(__dirname, 'containerfiles', name), 'utf8');
      expect(text).toMatch(/^ARG BASE/m);
      expect(text.match(/^USER (\d+):\d+$/gm)?.at(-1)).toMatch(/^USER [1-9]/);
    },
  );
});

describe('an image laid out for docker build', () => {
  const root = join(__dirname, '..', '..');
  const tools = async () => ({}) as never;
  const stageFor = (names: string[]) =>
    stageImages({
      names,
      out: join(folder, 'out'),
      cache: join(folder, 'cache'),
      progress: silentProgress,
      tools,
    });

  it('is whole: the Containerfile with a public base of the same Node, and one file to run', async () => {
    const major = recipes.find(({ name }) => name === 'node')?.version.split('.')[0];
    const [product] = await stageFor(['product-service']);
    const containerfile = readFileSync(join(product as string, 'Containerfile'), 'utf8');
    expect(containerfile).toContain(`ARG BASE=docker.io/library/node:${major}-bookworm-slim\n`);
    expect(containerfile).toMatch(/^USER 65534:65534$/m);
    const files = readdirSync(join(product as string, 'root', 'app'));
    expect(files).toContain('main.js');
    // Libraries of this machine would overwrite those of the base.
    expect(readdirSync(join(product as string, 'root'))).toEqual(['app']);
  }, 120_000);

  it('is there for every service, and for what the program runs beside them', () => {
    const services = serviceNames(root).map((name) => `${name}-service`);
    expect(publishable(root)).toEqual(['postgres', 'redis', 'kafka', 'consul', 'kafka-admin', ...services]);
  });

  it('without a public base is refused', async () => {
    await expect(stageFor(['coredns'])).rejects.toMatchObject({
      hint: expect.stringContaining('product-service'),
    });
  });
});
