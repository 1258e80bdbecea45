import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { LocalError } from '../errors';
import { run } from '../exec';
import { type Entry, insideOf } from './sources';

export interface Recipe {
  reference: string;
  containerfile: string;
  base?: string;
  entries: Entry[];
}

/** The beginning of 1970: the one time every file of every image has. */
const epoch = 0;

/** Lays an image's files out below `root` with fixed times and modes. */
export const stage = (entries: Entry[], root: string) => {
  const folders = new Map<string, number>([[root, 0o755]]);
  const addParents = (path: string) => {
    for (let at = dirname(path); insideOf(root, at) && !folders.has(at); at = dirname(at))
      folders.set(at, 0o755);
  };
  for (const entry of entries) {
    const path = join(root, entry.to);
    addParents(path);
    mkdirSync(entry.folder ? path : dirname(path), { recursive: true });
    if (entry.folder) {
      folders.set(path, entry.mode);
      continue;
    }
    if (entry.link) {
      symlinkSync(entry.link, path);
      lutimesSync(path, epoch, epoch);
      continue;
    }
    if (entry.content) writeFileSync(path, entry.content);
    else copyFileSync(entry.from!, path);
    chmodSync(path, entry.mode);
    utimesSync(path, epoch, epoch);
  }
  // Innermost first, because filling a folder changes its time.
  for (const [path, mode] of [...folders].sort(([a], [b]) => b.length - a.length)) {
    chmodSync(path, mode);
    utimesSync(path, epoch, epoch);
  }
};

const hintFor = (error: unknown, cache: string) => {
  const text = error instanceof Error ? error.message : String(error);
  if (/no space left|ENOSPC/i.test(text))
    return `The disk is full: free some space, for instance old archives in ${cache}.`;
  if (/executable file not found|ENOENT.*buildah/i.test(text))
    return 'Install it with: apt-get install buildah';
  return `Remove ${cache} and start again; if that does not help, the lines above say what failed.`;
};

/** Builds images without a daemon, with its storage below `cache`. */
export class Buildah {
  private readonly storage: string[];

  constructor(
    private readonly cache: string,
    private readonly program = 'buildah',
  ) {
    // Below the cache and, for the part that must not survive a reboot, below /run: nothing of the system's own storage is touched.
    const id = createHash('sha256').update(cache).digest('hex').slice(0, 12);
    this.storage = [
      '--root',
      join(cache, 'storage'),
      '--runroot',
      `/run/ecommerce-platform-images-${id}`,
      '--storage-driver',
    ];
  }

  private call(
    args: string[],
    onLine?: (line: string) => void,
    driver = process.env.STORAGE_DRIVER ?? 'overlay',
  ) {
    const env = { ...process.env, BUILDAH_ISOLATION: 'chroot', TMPDIR: this.cache };
    return run(this.program, [...this.storage, driver, ...args], { env, onLine, timeoutMs: 600_000 });
  }

  private async guarded<T>(what: () => Promise<T>): Promise<T> {
    try {
      return await what();
    } catch (cause) {
      throw new LocalError((cause as Error).message, { hint: hintFor(cause, this.cache), cause });
    }
  }

  async has(reference: string): Promise<boolean> {
    const { stdout } = await this.guarded(() => this.call(['images', '--format', '{{.Name}}:{{.Tag}}']));
    return stdout.split('\n').includes(reference);
  }

  async remove(references: string[]) {
    await this.call(['rmi', '--force', ...references]).catch(() => {});
  }

  async list(): Promise<string[]> {
    const { stdout } = await this.guarded(() => this.call(['images', '--format', '{{.Name}}:{{.Tag}}']));
    return stdout.split('\n').filter(Boolean);
  }

  /** Builds into the storage. Same input, same image id. */
  async build(image: Recipe, onLine?: (line: string) => void) {
    const work = mkdtempSync(join(this.cache, 'work-'));
    try {
      await this.guarded(async () => {
        mkdirSync(join(work, 'root'));
        stage(image.entries, join(work, 'root'));
        writeFileSync(join(work, 'Containerfile'), image.containerfile);
        // OCI, because Docker's own format writes the build container's random name into the image.
        const options = ['--pull-never', '--layers=false', '--timestamp', String(epoch), '--format', 'oci'];
        const base = image.base ? ['--build-arg', `BASE=${image.base}`] : ['--build-arg', 'BASE=scratch'];
        await this.call(['bud', ...options, ...base, '-t', image.reference, work], onLine);
      });
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  /** Writes an image to a docker archive that appears complete or not at all. */
  async save(reference: string, archive: string) {
    const part = `${archive}.${process.pid}`;
    mkdirSync(dirname(archive), { recursive: true });
    rmSync(part, { force: true });
    try {
      await this.guarded(async () => {
        await this.call(['push', '--quiet', reference, `docker-archive:${part}:${reference}`]);
        renameSync(part, archive);
      });
    } finally {
      rmSync(part, { force: true });
    }
  }
}
