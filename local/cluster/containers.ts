import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { LocalError } from '../errors';
import { run } from '../exec';
import type { Progress } from '../progress';
import { referencesIn } from './archive';
import type { Cluster } from './cluster';

const ctr = (cluster: Cluster, args: string[], onLine?: (line: string) => void) =>
  run(cluster.tools.ctr!, ['--address', cluster.run('containerd.sock'), '--namespace', 'k8s.io', ...args], {
    onLine,
    hint: 'See what containerd says: platform cluster logs containerd',
  });

const list = async (cluster: Cluster, kind: 'images' | 'containers' | 'tasks') =>
  (await ctr(cluster, [kind, 'ls', '-q'])).stdout.split('\n').filter(Boolean);

/**
 * Removes every container, keeping images. Containers do not outlive their network namespace: without this a restarted
 * kubelet would first take them down one by one. True when there were any.
 */
export const forgetContainers = async (cluster: Cluster): Promise<boolean> => {
  const tasks = await list(cluster, 'tasks');
  // A task that ends by itself in between makes the command fail; what is left is removed with the next round.
  if (tasks.length > 0) await ctr(cluster, ['tasks', 'rm', '-f', ...tasks]).catch(() => {});
  const containers = await list(cluster, 'containers');
  if (containers.length > 0) await ctr(cluster, ['containers', 'rm', ...containers]).catch(() => {});
  return containers.length > 0;
};

/** Image references the cluster has. */
export const loadedImages = async (cluster: Cluster) => new Set(await list(cluster, 'images'));

/** Loads the archives whose images are not there yet. */
export const importImages = async (
  cluster: Cluster,
  archives: string[],
  progress: Progress,
): Promise<void> => {
  const there = await loadedImages(cluster);
  for (const archive of archives) {
    if (!existsSync(archive)) {
      throw new LocalError(`Image archive ${archive} is missing`, {
        hint: 'Build it again: platform images build',
      });
    }
    const references = referencesIn(archive);
    if (references.length > 0 && references.every((reference) => there.has(reference))) continue;
    await progress.step(`Load image ${references[0] ?? basename(archive)}`, (detail) =>
      ctr(cluster, ['images', 'import', archive], detail),
    );
  }
};
