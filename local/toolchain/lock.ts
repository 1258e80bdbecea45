import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalError } from '../errors';

export interface Held {
  release(): Promise<void>;
}

/**
 * Waits until nobody else holds `file`, then holds it. The lock is the kernel's (flock), kept by a small child that ends
 * with its standard input: when this process dies, however it dies, the next one gets in. The number in the file only
 * tells who to wait for.
 */
export const acquireLock = (file: string, waiting: (line: string) => void = () => {}) =>
  new Promise<Held>((resolve, reject) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '', { flag: 'a' });
    const child = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const tell = setTimeout(
      () => waiting(`waiting for process ${holder(file)}, which builds it already`),
      500,
    );
    const ended = new Promise<void>((done) => child.on('close', () => done()));
    child.on('error', (cause) => {
      clearTimeout(tell);
      reject(
        new LocalError(`Cannot run flock: ${cause.message}`, {
          hint: 'flock comes with util-linux, which every Linux has: install that package.',
          cause,
        }),
      );
    });
    child.on('close', () => {
      clearTimeout(tell);
      reject(new LocalError(`Cannot lock ${file}`, { hint: 'Is the folder writable?', retriable: true }));
    });
    child.stdin.on('error', () => {});
    child.stdout.once('data', () => {
      clearTimeout(tell);
      writeFileSync(file, `${process.pid}\n`);
      resolve({
        release: async () => {
          child.stdin.end();
          await ended;
        },
      });
    });
  });

const holder = (file: string) => {
  try {
    return readFileSync(file, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
};
