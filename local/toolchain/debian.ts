import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { LocalError } from '../errors';
import { run } from '../exec';
import type { DebianRecipe } from './recipe';
import { compareVersions } from './versions';

const waysOut =
  'Ways out: run as root on Debian 12 or a system derived from it; install the packages yourself; or use a cluster of your own: platform up --context NAME.';

/** Throws a LocalError when packages cannot be installed here. */
export const checkCanInstall = (packages: string[], machine: { root: boolean; apt: boolean }): void => {
  if (!machine.apt) {
    throw new LocalError(
      `These packages are missing and there is no apt-get to install them: ${packages.join(' ')}`,
      {
        hint: waysOut,
      },
    );
  }
  if (!machine.root) {
    throw new LocalError(`These packages are missing and only root can install them: ${packages.join(' ')}`, {
      hint: `sudo apt-get install --no-install-recommends ${packages.join(' ')}. ${waysOut}`,
    });
  }
};

/** Package → installed version, of those that are installed. Empty where there is no dpkg. */
export const installedVersions = async (packages: string[]): Promise<Map<string, string>> => {
  const query =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are dpkg's own placeholders
    'dpkg-query -W -f \'${Package}\\t${Version}\\t${db:Status-Status}\\n\' "$@" 2>/dev/null || true';
  const { stdout } = await run('sh', ['-c', query, 'sh', ...packages]);
  const rows = stdout.split('\n').map((line) => line.split('\t'));
  return new Map(
    rows
      .filter((row) => row[2] === 'installed')
      .map(([name, version]) => [name as string, version as string]),
  );
};

/** Whether what is installed will do. */
export const satisfies = (recipe: DebianRecipe, installed: Map<string, string>): boolean => {
  const version = installed.get(recipe.package);
  // `1.6.20~ds1` is Debian's repackaging of 1.6.20 and counts as that.
  if (version === undefined || compareVersions(version, `${recipe.version}~~`) < 0) return false;
  return Object.values(recipe.provides).every((path) => path !== undefined && existsSync(path));
};

const mark = '# written by ecommerce-platform while it installs packages';

/** Holds a file with `content` in place while `action` runs, unless its owner has one of his own. */
const withFile = async (path: string, content: string, mode: number, action: () => Promise<void>) => {
  const theirs = existsSync(path) && !readFileSync(path, 'utf8').includes(mark);
  if (theirs) return action();
  writeFileSync(path, content, { mode });
  try {
    await action();
  } finally {
    rmSync(path, { force: true });
  }
};

const aptEnvironment = () => ({ ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' });

const apt = (args: string[], detail: (line: string) => void) =>
  run('apt-get', ['-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=3', ...args], {
    env: aptEnvironment(),
    onLine: detail,
    hint: 'Does `apt-get update` work? If another installation was cut short: dpkg --configure -a',
  });

const installNow = async (packages: string[], services: string[], detail: (line: string) => void) => {
  const options = ['-y', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold'];
  const install = () => apt(['install', ...options, ...packages], detail);
  const both = async () => {
    // Lists that are missing or old are the usual reason for a failure, and fetching them each time costs seconds.
    await install().catch(async () => {
      await apt(['update'], detail);
      await install();
    });
  };
  // PostgreSQL's package would make a database cluster of its own; the setting is only read while it installs.
  const settings = '/etc/postgresql-common/createcluster.conf';
  if (packages.some((name) => name.startsWith('postgresql-')) && !existsSync(settings)) {
    await run('mkdir', ['-p', '/etc/postgresql-common']);
    writeFileSync(settings, 'create_main_cluster = false\n');
  }
  await withFile('/usr/sbin/policy-rc.d', `#!/bin/sh\n${mark}\nexit 101\n`, 0o755, both);
  for (const service of services) {
    // Packages enable their services for the next boot; the platform starts its own copies. No systemd, no matter.
    await run('systemctl', ['disable', '--quiet', service]).catch(() => {});
  }
};

let last: Promise<unknown> = Promise.resolve();

/** Installs packages, one call after the other; nothing they bring is started. */
export const installPackages = (
  packages: string[],
  services: string[],
  detail: (line: string) => void,
): Promise<void> => {
  const machine = { root: process.getuid?.() === 0, apt: existsSync('/usr/bin/apt-get') };
  const turn = last.then(() => {
    checkCanInstall(packages, machine);
    return installNow(packages, services, detail);
  });
  last = turn.catch(() => {});
  return turn;
};

/** Installs what these recipes lack and checks that it is new enough. */
export const ensurePackages = async (
  recipes: DebianRecipe[],
  detail: (line: string) => void,
): Promise<void> => {
  const before = await installedVersions(recipes.map((recipe) => recipe.package));
  const fresh = recipes
    .filter((recipe) => !before.has(recipe.package))
    .flatMap((recipe) => recipe.services ?? []);
  await installPackages(
    recipes.map((recipe) => recipe.package),
    fresh,
    detail,
  );
  const after = await installedVersions(recipes.map((recipe) => recipe.package));
  const still = recipes.filter((recipe) => !satisfies(recipe, after));
  if (still.length === 0) return;
  const list = still.map(
    ({ package: name, version }) => `${name} ≥ ${version} (found ${after.get(name) ?? 'nothing'})`,
  );
  throw new LocalError(`This system's packages are too old: ${list.join(', ')}`, { hint: waysOut });
};
