import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalError } from '@platform/local/errors';
import { run } from '@platform/local/exec';

/** Full id of a revision. Throws when the repository does not have it. */
const commitOf = async (projectDir: string, revision: string): Promise<string> => {
  const { stdout } = await run('git', ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`], {
    cwd: projectDir,
    hint: `Is "${revision}" fetched? A shallow clone has only the newest commit: git fetch --unshallow.`,
  });
  return stdout.trim();
};

/**
 * Lays the project out as it was at a revision, uses it and removes it again. It shares this checkout's packages: what is
 * compared is the program, not the packages. Throws a LocalError when the revision is unknown.
 */
export const withRevision = async <T>(
  projectDir: string,
  revision: string,
  use: (directory: string) => Promise<T>,
): Promise<T> => {
  if (revision.startsWith('-')) {
    throw new LocalError(`"${revision}" is not a revision`, { hint: 'Name a branch, a tag or a commit.' });
  }
  const commit = await commitOf(projectDir, revision);
  const directory = mkdtempSync(join(tmpdir(), 'platform-base-'));
  try {
    const [archive, tree] = [join(directory, 'base.tar'), join(directory, 'tree')];
    mkdirSync(tree);
    await run('git', ['archive', '--format=tar', '--output', archive, commit], { cwd: projectDir });
    await run('tar', ['-xf', archive, '-C', tree]);
    rmSync(archive);
    symlinkSync(join(projectDir, 'node_modules'), join(tree, 'node_modules'));
    return await use(tree);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};
