import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentProgress } from '../progress';
import { buildImages } from './index';

jest.setTimeout(300_000);

const folders: string[] = [];
const newCache = () => {
  const folder = mkdtempSync(join(tmpdir(), 'images-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const names = ['pause', 'payment-sandbox'];

it('two builds with nothing in common but their input give the same bytes', async () => {
  const build = async () => {
    const images = await buildImages({ names, progress: silentProgress, cache: newCache() });
    return images.map(({ reference, archive }) => [reference, digest(archive)]);
  };
  expect(await build()).toEqual(await build());
});

it('builds nothing when nothing changed, and only what is gone otherwise', async () => {
  const cache = newCache();
  const built: string[] = [];
  const progress = {
    ...silentProgress,
    step: <T>(title: string, run: (detail: () => void) => Promise<T>) => {
      built.push(title);
      return run(() => {});
    },
  };
  const first = await buildImages({ names, progress, cache });
  built.length = 0;
  expect(await buildImages({ names, progress, cache })).toEqual(first);
  expect(built).toEqual([]);
  rmSync(first[1]!.archive);
  await buildImages({ names, progress, cache });
  expect(built).toEqual(['Building the image payment-sandbox']);
  expect(existsSync(first[1]!.archive)).toBe(true);
  expect(readdirSync(cache).filter((name) => name.startsWith('work-'))).toEqual([]);
});
