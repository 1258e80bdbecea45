import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withRevision } from './base';

let repository: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
    cwd: repository,
    stdio: 'pipe',
  });

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'platform-base-test-'));
  git('init', '--quiet');
  writeFileSync(join(repository, 'file'), 'before');
  git('add', '.');
  git('commit', '--quiet', '-m', 'one');
  git('tag', 'base');
  writeFileSync(join(repository, 'file'), 'after');
});
afterEach(() => rmSync(repository, { recursive: true }));

describe('a revision to compare with', () => {
  it('is laid out as it was, beside work that is not committed, and removed afterwards', async () => {
    const seen = await withRevision(repository, 'base', async (directory) => {
      expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('before');
      return directory;
    });
    expect(existsSync(seen)).toBe(false);
    expect(readFileSync(join(repository, 'file'), 'utf8')).toBe('after');
    expect(git('status', '--porcelain').toString()).toBe(' M file\n');
  });

  it('that is not there is an error that says what to do', async () => {
    await expect(withRevision(repository, 'nowhere', async () => {})).rejects.toMatchObject({
      hint: expect.stringContaining('git fetch'),
    });
  });

  it('is never taken for an option', async () => {
    await expect(withRevision(repository, '--output=x', async () => {})).rejects.toThrow('not a revision');
  });
});
