import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir } from '../paths';
import { ensureCached, findCached } from './cache';
import type { NpmRecipe } from './recipe';

const recipe: NpmRecipe = {
  name: 'thing',
  kind: 'npm',
  version: '1.0.0',
  secondsToBuild: 1,
  package: 'thing',
  integrity: 'sha512-',
  archive: 'thing.zip',
  executables: ['bin/thing'],
  provides: { thing: 'bin/thing' },
};

const fill = async (folder: string) => {
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'thing'), '#!/bin/sh\n');
};

describe('the cache of tools', () => {
  const before = process.env.XDG_CACHE_HOME;
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'cache-'));
    process.env.XDG_CACHE_HOME = home;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(home, { recursive: true });
  });
  const inCache = () => readdirSync(cacheDir('tools', 'thing')).filter((name) => name !== '.lock');
  const quiet = () => {};

  it('builds once, and then finds what it built', async () => {
    let builds = 0;
    const build = (folder: string) => {
      builds += 1;
      return fill(folder);
    };
    const first = await ensureCached(recipe, build, quiet);
    expect(await ensureCached(recipe, build, quiet)).toBe(first);
    expect(findCached(recipe)).toBe(first);
    expect(existsSync(join(first, 'bin', 'thing'))).toBe(true);
    expect(builds).toBe(1);
  });

  it('builds once when two want the same tool at the same time', async () => {
    let builds = 0;
    const build = async (folder: string) => {
      builds += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      await fill(folder);
    };
    await Promise.all([ensureCached(recipe, build, quiet), ensureCached(recipe, build, quiet)]);
    expect(builds).toBe(1);
  });

  it('keeps nothing of a build that failed half way', async () => {
    const build = async (folder: string) => {
      await fill(folder);
      throw new Error('cut short');
    };
    await expect(ensureCached(recipe, build, quiet)).rejects.toThrow('cut short');
    expect(inCache()).toEqual([]);
    expect(findCached(recipe)).toBeUndefined();
  });

  it('clears what a killed build left behind', async () => {
    mkdirSync(cacheDir('tools', 'thing', '.building-old'), { recursive: true });
    const folder = await ensureCached(recipe, fill, quiet);
    expect(inCache().map((name) => cacheDir('tools', 'thing', name))).toEqual([folder]);
  });

  it('refuses a build that brings something else than the recipe says', async () => {
    await expect(ensureCached(recipe, async () => {}, quiet)).rejects.toThrow('does not hold all of: thing');
    expect(inCache()).toEqual([]);
  });

  it('builds again when a part of a finished tool was deleted', async () => {
    const folder = await ensureCached(recipe, fill, quiet);
    rmSync(join(folder, 'bin', 'thing'));
    expect(findCached(recipe)).toBeUndefined();
    expect(await ensureCached(recipe, fill, quiet)).toBe(folder);
    expect(findCached(recipe)).toBe(folder);
  });
});
