import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalError } from '../errors';
import { silentProgress } from '../progress';
import { checkCanInstall, satisfies } from './debian';
import { explainFailure } from './failures';
import { ensureTools } from './index';
import { checkSums } from './maven';
import { checkIntegrity } from './npm';
import type { DebianRecipe } from './recipe';
import type { ToolName } from './tools';

const caught = (action: () => void): LocalError => {
  try {
    action();
  } catch (error) {
    return error as LocalError;
  }
  throw new Error('nothing was thrown');
};

describe('what is downloaded', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'installers-'));
    writeFileSync(join(folder, 'a.jar'), 'a');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const sum = (text: string) => createHash('sha256').update(text).digest('hex');

  it('is taken when every file has its listed sum', () => {
    expect(() => checkSums(folder, `${sum('a')}  a.jar\n`)).not.toThrow();
  });

  it.each([
    ['has another sum', () => `${sum('b')}  a.jar\n`, 'a.jar'],
    ['is not listed', () => `${sum('b')}  b.jar\n`, 'a.jar'],
    ['is missing', () => `${sum('a')}  a.jar\n${sum('b')}  b.jar\n`, 'b.jar (missing)'],
  ])('is refused when a file %s', (_what, listing, named) => {
    expect(caught(() => checkSums(folder, listing())).message).toContain(named);
  });

  it('is refused when a package is not the one that is pinned', () => {
    const file = join(folder, 'a.jar');
    const right = `sha512-${createHash('sha512').update('a').digest('base64')}`;
    expect(() => checkIntegrity(file, right)).not.toThrow();
    expect(caught(() => checkIntegrity(file, 'sha512-other')).message).toContain('checksum mismatch');
  });
});

describe('packages of the system', () => {
  const recipe: DebianRecipe = {
    name: 'shell',
    kind: 'debian',
    version: '1.6.20',
    secondsToBuild: 1,
    package: 'shell',
    provides: { shell: process.execPath },
  };

  it.each([
    ['1.6.20~ds1-1+deb12u3', true],
    ['1.7.2-1', true],
    ['1.6.19-5', false],
    ['1:1.0-1', true],
  ])('count when %s is installed: %s', (version, expected) => {
    expect(satisfies(recipe, new Map([['shell', version]]))).toBe(expected);
  });

  it('do not count when they are absent or their file is', () => {
    expect(satisfies(recipe, new Map())).toBe(false);
    const gone = { ...recipe, provides: { shell: '/nowhere/shell' } };
    expect(satisfies(gone, new Map([['shell', '1.6.20']]))).toBe(false);
  });

  it('name the ways out for a user who is not root', () => {
    const error = caught(() => checkCanInstall(['runc', 'buildah'], { root: false, apt: true }));
    expect(error).toBeInstanceOf(LocalError);
    expect(error.message).toContain('only root can install them: runc buildah');
    expect(error.hint).toContain('sudo apt-get install --no-install-recommends runc buildah');
    expect(error.hint).toContain('--context');
  });

  it('name the ways out on a system without apt', () => {
    const error = caught(() => checkCanInstall(['runc'], { root: true, apt: false }));
    expect(error.message).toContain('no apt-get');
    expect(error.hint).toContain('--context');
  });
});

describe('a failure', () => {
  it.each([
    ['write /x: no space left on device', 'The disk is full', 'XDG_CACHE_HOME'],
    ['dial tcp: lookup proxy: no such host', 'A package registry cannot be reached', 'network'],
    ['npm error code ENOTFOUND', 'A package registry cannot be reached', 'network'],
    ['verifying module: checksum mismatch', 'What was downloaded is not what is pinned', 'mirror'],
    ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES', 'What was downloaded is not what is pinned', 'mirror'],
  ])('that says "%s" is told as "%s"', (printed, message, hint) => {
    const error = explainFailure('envoy', new LocalError(printed, { hint: 'look above' }));
    expect(error.message).toMatch(new RegExp(`^envoy: ${message}`));
    expect(error.message).toContain(printed);
    expect(error.hint).toContain(hint);
    expect(error.retriable).toBe(true);
  });

  it('of another kind keeps its own hint', () => {
    const error = explainFailure('envoy', new LocalError('python3 is missing', { hint: 'install it' }));
    expect(error.message).toBe('envoy: python3 is missing');
    expect(error.hint).toBe('install it');
    expect(error.retriable).toBe(false);
  });

  it('of a plain write error is understood by its code', () => {
    const full = Object.assign(new Error('write failed'), { code: 'ENOSPC' });
    expect(explainFailure('kafka', full).message).toContain('The disk is full');
  });
});

describe('asking for tools', () => {
  it('names the tools there are when one is not among them', async () => {
    const asked = ensureTools(['kubectl', 'docker' as ToolName], silentProgress);
    await expect(asked).rejects.toMatchObject({
      message: 'There is no tool named docker',
      hint: expect.stringContaining('containerd'),
    });
  });
});
