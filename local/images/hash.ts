import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Entry } from './sources';

const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');

/** Remembers what was worked out about a file for as long as its size, times and number stay. Makes a check of unchanged images fast. */
export class FileMemory {
  private known: Record<string, [stamp: string, value: string]> = {};
  private changed = false;

  constructor(private readonly file: string) {
    try {
      this.known = JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      // The first time, or a damaged memory: everything is worked out again.
    }
  }

  recall(kind: string, path: string, workOut: () => string, extra = ''): string {
    const found = statSync(path, { bigint: true });
    const stamp = `${found.size}.${found.mtimeNs}.${found.ctimeNs}.${found.ino}.${extra}`;
    const key = `${kind} ${path}`;
    const before = this.known[key];
    if (before?.[0] === stamp) return before[1];
    const value = workOut();
    this.known[key] = [stamp, value];
    this.changed = true;
    return value;
  }

  save() {
    if (!this.changed) return;
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(`${this.file}.${process.pid}`, JSON.stringify(this.known));
    renameSync(`${this.file}.${process.pid}`, this.file);
    this.changed = false;
  }
}

export const fileHash = (path: string, memory?: FileMemory) =>
  memory ? memory.recall('sha256', path, () => sha256(readFileSync(path))) : sha256(readFileSync(path));

const elfMagic = Buffer.from('\x7fELF', 'latin1');

export const isElf = (path: string): boolean => {
  const start = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    return readSync(file, start, 0, 4, 0) === 4 && start.equals(elfMagic);
  } finally {
    closeSync(file);
  }
};

/** Raised when the way images are put together changes, so that old archives are not taken for new ones. */
const format = 'images 1';

/** 16 hex digits that change exactly when something in the image changes. The order of the entries does not count. */
export const contentHash = (
  containerfile: string,
  base: string,
  entries: Entry[],
  memory?: FileMemory,
): string => {
  const lines = entries.map((entry) => {
    const what = entry.link
      ? `link ${entry.link}`
      : entry.folder
        ? 'folder'
        : entry.content
          ? sha256(entry.content)
          : fileHash(entry.from!, memory);
    return `${entry.to} ${entry.mode.toString(8)} ${what}`;
  });
  return sha256([format, sha256(containerfile), base, ...lines.sort()].join('\n')).slice(0, 16);
};
