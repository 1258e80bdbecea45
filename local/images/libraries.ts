import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { LocalError } from '../errors';
import { type FileMemory, isElf } from './hash';
import type { Entry } from './sources';

/** Libraries outside these folders lie beside their program and are in the image already. */
const systemFolders = /^\/(usr\/)?lib(64|32)?\//;

interface Needs {
  found: string[];
  lost: string[];
}

const ask = (path: string): string => {
  const { stdout, stderr } = spawnSync('ldd', [path], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const none = /not a dynamic executable|statically linked/.test(`${stdout}${stderr}`);
  const found = none ? [] : [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]!);
  const lost = [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]!);
  const needs: Needs = { found: found.filter((library) => systemFolders.test(library)), lost };
  return JSON.stringify(needs);
};

/** Adds the shared libraries that programs among the entries load, at the paths they are looked up. */
export const withLibraries = (image: string, entries: Entry[], memory: FileMemory): Entry[] => {
  const system = String(statSync('/etc/ld.so.cache', { throwIfNoEntry: false })?.mtimeMs);
  const have = new Set(entries.map((entry) => entry.to));
  const names = new Set(entries.map((entry) => basename(entry.to)));
  const more: Entry[] = [];
  for (const { from } of entries) {
    if (!from || memory.recall('elf', from, () => String(isElf(from))) !== 'true') continue;
    const needs: Needs = JSON.parse(memory.recall('needs', from, () => ask(from), system));
    // A runtime loads libraries from its own folder that the system's loader does not know of.
    const lost = needs.lost.find((library) => !names.has(library));
    if (lost) {
      throw new LocalError(
        `Image ${image}: ${from} needs the library ${lost}, which is not on this machine`,
        {
          hint: `Find its package with: apt-cache search ${lost.replace(/\.so.*/, '')}`,
        },
      );
    }
    for (const library of needs.found) {
      if (have.has(library)) continue;
      have.add(library);
      more.push({ to: library, from: library, mode: 0o755 });
    }
  }
  return [...entries, ...more];
};
