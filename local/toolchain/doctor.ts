import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { run } from '../exec';
import { cacheDir } from '../paths';
import { findCached } from './cache';
import { installedVersions, satisfies } from './debian';
import { goVersionNeeded } from './go';
import { recipes, type ToolName } from './tools';

export interface Diagnosis {
  /** What the machine is, for people. */
  machine: { name: string; value: string }[];
  tools: { name: ToolName; version: string; kind: string; cached: boolean; secondsToBuild: number }[];
  /** Seconds of work that missing tools cost, each recipe counted once; 0 when all is there. */
  secondsToBuild: number;
  problems: { message: string; hint: string }[];
}

/** What `diagnose` looks at, as plain values, so that the verdict can be tested. */
export interface Machine {
  platform: string;
  arch: string;
  root: boolean;
  apt: boolean;
  cgroups: string | undefined;
  cores: number;
  memoryBytes: number;
  diskFreeBytes: number;
  go: string | undefined;
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const ownCluster = 'or use a cluster of your own: platform up --context NAME';

/** What stands in the way, given how much is still to be made. */
export const judge = (machine: Machine, missing: { go: boolean; packages: string[] }) => {
  const problems: Diagnosis['problems'] = [];
  const problem = (message: string, hint: string) => problems.push({ message, hint });
  if (machine.platform !== 'linux' || machine.arch !== 'x64') {
    problem(
      `The embedded cluster needs x86-64 Linux, this is ${machine.platform} ${machine.arch}`,
      `Use such a machine, ${ownCluster}`,
    );
    return problems;
  }
  if (!machine.root) problem('The embedded cluster needs root', `Run with sudo -E, ${ownCluster}`);
  if (!machine.cgroups)
    problem('No control groups are mounted', `Mount them under /sys/fs/cgroup, ${ownCluster}`);
  if (machine.memoryBytes < 6 * 2 ** 30) {
    problem(`${gibibytes(machine.memoryBytes)} of memory; the platform needs 6 GiB`, 'Use a larger machine');
  }
  const disk = missing.go ? 15 : 5;
  if (machine.diskFreeBytes < disk * 2 ** 30) {
    problem(
      `${gibibytes(machine.diskFreeBytes)} of disk free; ${disk} GiB are needed`,
      'Free some, or set XDG_CACHE_HOME, XDG_DATA_HOME, GOPATH and GOCACHE to a larger disk',
    );
  }
  if (missing.go && !machine.go) {
    problem(
      'Go is not installed, and some tools are still to be built',
      `Install Go ${goVersionNeeded}, ${ownCluster}`,
    );
  }
  if (missing.packages.length > 0 && !machine.apt) {
    problem(
      `Packages are missing and there is no apt-get: ${missing.packages.join(' ')}`,
      `Install them, ${ownCluster}`,
    );
  }
  return problems;
};

const firstLine = async (command: string, args: string[]): Promise<string | undefined> =>
  run(command, args, { timeoutMs: 30_000 }).then(
    ({ stdout, stderr }) => stripVTControlCharacters((stdout || stderr).split('\n')[0] ?? '').trim(),
    () => undefined,
  );

const operatingSystem = () => {
  if (!existsSync('/etc/os-release')) return process.platform;
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
};

/** 'v2', 'v1', or nothing when no controller is mounted. */
const cgroups = () => {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return 'v2';
  return existsSync('/sys/fs/cgroup/memory') ? 'v1' : undefined;
};

const freeDisk = () => {
  let folder = cacheDir();
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** Looks at this machine and changes nothing. */
export const diagnose = async (): Promise<Diagnosis> => {
  const packages = recipes.flatMap((recipe) => (recipe.kind === 'debian' ? [recipe.package] : []));
  const [installed, go, java, maven, python] = await Promise.all([
    installedVersions(packages),
    firstLine('go', ['version']),
    firstLine('java', ['-version']),
    firstLine('mvn', ['--version']),
    firstLine('python3', ['-m', 'pip', '--version']),
  ]);
  const states = recipes.map((recipe) => ({
    recipe,
    cached: recipe.kind === 'debian' ? satisfies(recipe, installed) : findCached(recipe) !== undefined,
  }));
  const missing = states.filter(({ cached }) => !cached).map(({ recipe }) => recipe);
  const machine: Machine = {
    platform: process.platform,
    arch: process.arch,
    root: process.getuid?.() === 0,
    apt: existsSync('/usr/bin/apt-get'),
    cgroups: cgroups(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    diskFreeBytes: freeDisk(),
    go,
  };
  return {
    machine: [
      { name: 'system', value: `${operatingSystem()}, kernel ${release()}, ${machine.arch}` },
      { name: 'user', value: machine.root ? 'root' : 'not root' },
      { name: 'control groups', value: machine.cgroups ?? 'none' },
      { name: 'cores', value: String(machine.cores) },
      { name: 'memory', value: `${gibibytes(machine.memoryBytes)}, ${gibibytes(freemem())} free` },
      { name: 'disk', value: `${gibibytes(machine.diskFreeBytes)} free for ${cacheDir()}` },
      { name: 'Node', value: process.version },
      { name: 'Go', value: go ?? 'not found' },
      { name: 'Java', value: java ?? 'not found (a runtime is installed when needed)' },
      { name: 'Maven', value: maven ?? 'not found (installed when needed)' },
      { name: 'Python', value: python ?? 'not found (installed when needed)' },
    ],
    tools: states.flatMap(({ recipe, cached }) =>
      Object.keys(recipe.provides).map((name) => ({
        name: name as ToolName,
        version: recipe.version,
        kind: recipe.kind,
        cached,
        secondsToBuild: recipe.secondsToBuild,
      })),
    ),
    secondsToBuild: missing.reduce((sum, recipe) => sum + recipe.secondsToBuild, 0),
    problems: judge(machine, {
      go: missing.some((recipe) => recipe.kind === 'go' || recipe.kind === 'module-files'),
      packages: missing.flatMap((recipe) => (recipe.kind === 'debian' ? [recipe.package] : [])),
    }),
  };
};
