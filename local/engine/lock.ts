import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { LocalError } from '../errors';

interface Owner {
  pid: number;
  /** When the process started, in the kernel's ticks: tells a living owner from a process that got its number later. */
  started: string;
}

const startOf = (pid: number): string | undefined => {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};

const isAlive = (owner: Owner): boolean => {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = startOf(owner.pid);
  return started === undefined || !owner.started || started === owner.started;
};

const ownerOf = (file: string): Owner | undefined => {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Owner;
    return typeof owner.pid === 'number' ? owner : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Takes the lock or throws naming who holds it. A lock whose owner is gone is taken over, with a note. Returns the
 * function that gives it back.
 */
export const takeLock = (file: string, note: (line: string) => void): (() => void) => {
  const mine: Owner = { pid: process.pid, started: startOf(process.pid) ?? '' };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        // A hard link appears whole or not at all, so nobody ever reads half a lock.
        linkSync(draft, file);
        return () => {
          if (ownerOf(file)?.pid === process.pid) rmSync(file, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const owner = ownerOf(file);
      if (owner && isAlive(owner)) {
        throw new LocalError(`Process ${owner.pid} is changing this stack right now`, {
          hint: `Wait for it to end. Should it hang, end process ${owner.pid}; the lock is then taken over.`,
          retriable: true,
        });
      }
      // Renaming lets only one of several waiting processes remove the stale lock.
      const grave = `${file}.stale.${process.pid}`;
      try {
        renameSync(file, grave);
        rmSync(grave, { force: true });
        note(
          `The last change (process ${owner?.pid ?? 'unknown'}) ended without giving back its lock: taking over.`,
        );
      } catch {
        // Another process was faster; look again.
      }
    }
    throw new LocalError('The lock of this stack keeps changing hands', {
      hint: 'Try again.',
      retriable: true,
    });
  } finally {
    rmSync(draft, { force: true });
  }
};
