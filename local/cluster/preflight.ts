import { existsSync, mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { LocalError } from '../errors';
import { profileDir } from '../paths';

const waysOut =
  'Use a cluster of your own (--context NAME --registry HOST), or run this as root on a Linux machine with cgroups.';

/** What this module needs of a machine, injected so that each shortcoming can be shown. */
export interface Machine {
  platform: string;
  uid: number;
  hasCommand: (name: string) => boolean;
  controllers: () => string[];
  freeBytes: (path: string) => number;
}

const cgroupRoot = '/sys/fs/cgroup';

/** Names of the cgroup controllers at hand, of version 1 and of version 2. */
export const cgroupControllers = (): string[] => {
  const unified = join(cgroupRoot, 'cgroup.controllers');
  if (existsSync(unified)) return readFileSync(unified, 'utf8').split(/\s+/).filter(Boolean);
  if (!existsSync('/proc/self/cgroup')) return [];
  return readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(':')[1]?.split(',') ?? [])
    .filter((name) => name && existsSync(join(cgroupRoot, name)));
};

export const thisMachine: Machine = {
  platform: process.platform,
  uid: userInfo().uid,
  hasCommand: (name) => (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, name))),
  controllers: cgroupControllers,
  freeBytes: (path) => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  },
};

const needed = 1024 ** 3;

/** Throws a LocalError that names what is missing and the ways out. */
export const checkMachine = (profile: string, machine: Machine = thisMachine): void => {
  if (machine.platform !== 'linux') {
    throw new LocalError(`The embedded cluster needs Linux; this is ${machine.platform}`, { hint: waysOut });
  }
  if (machine.uid !== 0) {
    throw new LocalError('The embedded cluster needs root: it makes network namespaces, mounts and cgroups', {
      hint: waysOut,
    });
  }
  const missing = ['cpu', 'memory', 'pids'].filter((name) => !machine.controllers().includes(name));
  if (missing.length > 0) {
    throw new LocalError(`This machine has no cgroup controller for ${missing.join(', ')}`, {
      hint: waysOut,
    });
  }
  const commands = ['ip', 'nsenter', 'openssl', 'mount', 'umount'].filter(
    (name) => !machine.hasCommand(name),
  );
  if (commands.length > 0) {
    throw new LocalError(`Commands are missing: ${commands.join(', ')}`, {
      hint: 'On Debian: apt-get install iproute2 util-linux mount openssl',
    });
  }
  const dir = profileDir(profile);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (machine.freeBytes(dir) < needed) {
    throw new LocalError(`Less than 1 GiB is free where ${dir} stands`, {
      hint: 'Free some space, or set XDG_DATA_HOME to a folder on a larger disk.',
      retriable: true,
    });
  }
};

const listen = (port: number) =>
  new Promise<number>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });

export const freePort = () => listen(0);

/** Throws a LocalError when somebody else has the port. */
export const checkPort = async (port: number): Promise<void> => {
  try {
    await listen(port);
  } catch (cause) {
    const busy = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new LocalError(
      busy
        ? `Port ${port} is taken by another program`
        : `Port ${port} cannot be used: ${(cause as Error).message}`,
      {
        hint: 'End that program, or choose another port for the front door: platform cluster start --front-door-port NUMBER',
        cause,
      },
    );
  }
};
