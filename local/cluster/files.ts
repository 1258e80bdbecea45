import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalError } from '../errors';

/** What each errno of a failed write asks of a person. */
const hints: Record<string, string> = {
  ENOSPC:
    'The disk is full. Free some space (platform cluster delete --profile NAME removes a cluster) and run the same command again.',
  EDQUOT: 'The disk quota is used up. Free some space and run the same command again.',
  EROFS: 'The file system is read-only. Set XDG_DATA_HOME to a folder that can be written.',
  EACCES: 'Set XDG_DATA_HOME to a folder that can be written.',
};

export const asLocalError = (error: unknown, what: string): unknown => {
  const hint = hints[(error as NodeJS.ErrnoException)?.code ?? ''];
  return hint
    ? new LocalError(`${what}: ${(error as Error).message}`, { hint, retriable: true, cause: error })
    : error;
};

/** Writes a file whole or not at all: a kill leaves the old one or the new one, never half of it. */
export const writeFile = (path: string, content: string, mode = 0o600) => {
  if (existsSync(path) && readFileSync(path, 'utf8') === content) return;
  const draft = `${path}.${process.pid}.draft`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, content, { mode });
    chmodSync(draft, mode);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true, recursive: true });
    throw asLocalError(error, `Cannot write ${path}`);
  }
};

export const writeJson = (path: string, value: unknown) =>
  writeFile(path, `${JSON.stringify(value, null, 2)}\n`);

/** Undefined when there is no such file. Throws a LocalError when it holds something else than JSON. */
export const readJson = <T>(path: string): T | undefined => {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (cause) {
    throw new LocalError(`${path} is damaged`, {
      hint: 'Remove the profile and start afresh: platform cluster delete --profile NAME (its data is lost).',
      cause,
    });
  }
};

export const hashOf = (...parts: string[]) =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
