import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '@platform/local/progress';
import { format } from '../preview/format';
import { type PreviewOutcome, previewSummary } from '../preview/run';

export interface PullRequestOptions {
  /** What the pull request is to be merged into. */
  base: string;
  /** Gets `comment.md` and `preview.json`. */
  out: string;
  policyPack?: string[];
}

/**
 * The whole of the pull-request job: every environment compared with the base and judged by the policies. The files are written
 * whatever the verdict is, so that it can be read. Resolves to the exit code: 5 where a policy is violated, 1 or 4 where a stack is broken.
 */
export const pullRequest = async (
  { base, out, policyPack }: PullRequestOptions,
  progress: Progress,
): Promise<PreviewOutcome & { files: string[] }> => {
  const outcome = await previewSummary(
    { all: true, base, policyPack, stack: 'local', profile: 'default', engine: 'embedded' },
    progress,
  );
  mkdirSync(out, { recursive: true });
  const files = { 'comment.md': 'markdown', 'preview.json': 'json' } as const;
  for (const [name, as] of Object.entries(files)) writeFileSync(join(out, name), format(outcome.summary, as));
  return { ...outcome, files: Object.keys(files).map((name) => join(out, name)) };
};
