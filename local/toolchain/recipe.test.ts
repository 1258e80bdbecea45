import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GoRecipe, recipeDir, recipeHash } from './recipe';
import { recipes, toolGroups, tools } from './tools';

describe('a recipe in the cache', () => {
  let root: string;
  const recipe: GoRecipe = {
    name: 'thing',
    kind: 'go',
    version: '1.2.3',
    secondsToBuild: 1,
    folder: 'thing',
    builds: [{ packages: ['.'] }],
    provides: {},
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'recipe-'));
    mkdirSync(join(root, 'thing'));
    writeFileSync(join(root, 'thing', 'go.mod'), 'module thing\n');
    writeFileSync(join(root, 'thing', 'go.sum'), 'a h1:1\n');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('keeps its folder while nothing changes', () => {
    expect(recipeDir(recipe, root)).toBe(recipeDir({ ...recipe }, root));
    expect(recipeDir(recipe, root)).toMatch(/tools\/thing\/1\.2\.3-[0-9a-f]{12}$/);
  });

  it.each([
    ['a checksum of a dependency', () => writeFileSync(join(root, 'thing', 'go.sum'), 'a h1:2\n')],
    ['a line of source', () => writeFileSync(join(root, 'thing', 'main.go'), 'package main\n')],
  ])('gets another folder when %s changes', (_what, change) => {
    const before = recipeHash(recipe, root);
    change();
    expect(recipeHash(recipe, root)).not.toBe(before);
  });

  it.each([
    ['its version', { version: '1.2.4' }],
    ['a build flag', { builds: [{ packages: ['.'], tags: 'other' }] }],
  ])('gets another folder when %s changes', (_what, change) => {
    expect(recipeDir({ ...recipe, ...change }, root)).not.toBe(recipeDir(recipe, root));
  });

  it('does not care for files that do not decide what is built', () => {
    const before = recipeHash(recipe, root);
    writeFileSync(join(root, 'thing', 'notes.md'), 'hello\n');
    expect(recipeHash(recipe, root)).toBe(before);
  });
});

describe('the table of tools', () => {
  it('names every tool and every recipe once', () => {
    const names = tools.map((tool) => tool.name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(recipes.map((recipe) => recipe.name)).size).toBe(recipes.length);
  });

  it('starts a cluster without what can wait', () => {
    expect(toolGroups.cluster).not.toContain('metrics-server');
    const { cluster, late, lint, onlyForTests } = toolGroups;
    expect([...cluster, ...late, ...lint, ...onlyForTests].sort()).toEqual(
      tools.map((tool) => tool.name).sort(),
    );
  });

  it('pins everything that is cached by the files of its folder or by a checksum of its own', () => {
    for (const recipe of recipes) {
      if (recipe.kind === 'debian') continue;
      if (recipe.kind === 'npm') expect(recipe.integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
      expect(recipeHash(recipe)).toMatch(/^[0-9a-f]{12}$/);
    }
  });
});
