import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file && existsSync(join(root, file)));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

describe('the tree', () => {
  it('is at most three folders deep', () => {
    expect(files.filter((file) => file.split('/').length > 4)).toEqual([]);
  });

  it('has a README in each top-level folder that says what lives there', () => {
    const folders = new Set(
      files
        .filter((file) => file.includes('/') && !file.startsWith('.'))
        .map((file) => file.split('/')[0] ?? ''),
    );
    expect([...folders].filter((folder) => !existsSync(join(root, folder, 'README.md')))).toEqual([]);
  });

  it('holds no source file of more than 400 lines', () => {
    const sources = files.filter((file) => /\.(ts|js|mjs|cjs|go|c|sh)$/.test(file));
    const long = sources
      .map((file) => [file, read(file).split('\n').length - 1] as const)
      .filter(([, lines]) => lines > 400);
    expect(long).toEqual([]);
  });

  it('names no package registry and no path of a particular machine', () => {
    // Written in pieces, so that this file passes its own check.
    const hosts = [
      ['registry', 'npmjs', 'org'],
      ['proxy', 'golang', 'org'],
      ['sum', 'golang', 'org'],
      ['pypi', 'org'],
      ['files', 'pythonhosted', 'org'],
      ['repo1', 'maven', 'org'],
      ['repo', 'maven', 'apache', 'org'],
      ['static', 'crates', 'io'],
      ['deb', 'debian', 'org'],
    ].map((parts) => parts.join('\\.'));
    const paths = [`/${'work'}/(main|shared)`, `/tmp/${'team'}`, `/${'root'}/\\.`, `/home/${'[a-z]+'}/`];
    const pattern = new RegExp(`${hosts.join('|')}|(?<![\\w.$}])(${paths.join('|')})`);
    const naming = files.filter((file) => !/\.(png|jpg|gz|tar)$/.test(file) && pattern.test(read(file)));
    expect(naming).toEqual([]);
  });

  it('keeps its decisions as numbered records with context, decision and consequences', () => {
    const records = files
      .filter((file) => file.startsWith('docs/adr/') && !file.endsWith('README.md'))
      .sort();
    expect(records.filter((file) => !/^docs\/adr\/\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.md$/.test(file))).toEqual([]);
    const numbers = records.map((file) => Number(/(\d{4})/.exec(file)?.[1]));
    expect(new Set(numbers).size).toBe(numbers.length);
    records.forEach((file, index) => {
      const text = read(file);
      expect([file, text.startsWith(`# ${numbers[index]}. `)]).toEqual([file, true]);
      for (const section of ['Context', 'Decision', 'Consequences']) {
        expect([file, text.includes(`\n## ${section}\n`)]).toEqual([file, true]);
      }
    });
  });
});

describe('the packages', () => {
  const manifests = files.filter((file) => file.endsWith('package.json'));

  it('are pinned to one exact version each, everywhere the same', () => {
    const wanted = new Map<string, string>();
    const wrong: string[] = [];
    for (const file of manifests) {
      const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(file));
      for (const [name, version] of Object.entries<string>({
        ...dependencies,
        ...devDependencies,
        ...optionalDependencies,
      })) {
        if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
          wrong.push(`${file}: ${name}@${version} is no exact version`);
        const other = wanted.get(name) ?? version;
        if (other !== version) wrong.push(`${file}: ${name}@${version}, elsewhere ${other}`);
        wanted.set(name, other);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('come from whatever registry the user has: the lock file names no host', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { resolved?: string }>;
    };
    const hosts = Object.values(packages).filter((one) => one.resolved?.includes('://'));
    expect(hosts.map((one) => one.resolved)).toEqual([]);
  });

  it('carry the licence of the project and are never published by mistake', () => {
    // A package that is a fixture of a test belongs to that test.
    for (const file of manifests.filter((one) => !one.includes('/fixtures/'))) {
      const { license, private: isPrivate } = JSON.parse(read(file));
      expect([file, license, isPrivate]).toEqual([file, 'Apache-2.0', true]);
    }
  });
});
