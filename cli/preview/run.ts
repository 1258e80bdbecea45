import { compare } from '@platform/local/engine';
import { LocalError } from '@platform/local/errors';
import type { Progress } from '@platform/local/progress';
import { chooseEngine } from '../engines';
import { withBuiltImages } from '../platform';
import { passphraseFor, projectDir, resolveTarget, stacks, type TargetOptions } from '../target';
import { fromEngine } from './adapters';
import { withRevision } from './base';
import type { StackPreview } from './model';
import { type Summary, summarise } from './summary';

export interface PreviewOptions extends TargetOptions {
  /** Every stack that has a Pulumi.<stack>.yaml. */
  all?: boolean;
  /** A revision: compare its program with this one, instead of this one with what is recorded. */
  base?: string;
  expectNoChanges?: boolean;
}

/** What stands for the images that `up` would build, tagged like them: a summary is about the program. */
const imagesOf = (stack: string): Record<string, string> =>
  stack === 'local'
    ? {
        'ecommerce-platform:registry': 'localhost/ecommerce-platform',
        'ecommerce-platform:imageTag': '0000000000000000',
      }
    : {};

const againstBase = async (options: PreviewOptions, names: string[], progress: Progress) =>
  withRevision(projectDir, options.base ?? '', async (baseDir) => {
    const previews: StackPreview[] = [];
    for (const stack of names) {
      const target = resolveTarget({ ...options, stack });
      const result = await progress.step(`Comparing ${stack} with ${options.base}`, () =>
        compare({
          ...{ stack, baseDir, projectDir },
          policyPacks: target.policyPacks,
          policyPackConfig: target.policyPackConfig,
          config: { ...imagesOf(stack), ...target.config },
          passphrase: passphraseFor(target),
        }),
      );
      previews.push(fromEngine(stack, result));
    }
    return previews;
  });

const againstState = async (options: PreviewOptions, names: string[], progress: Progress) => {
  const engine = await chooseEngine(options.engine);
  const previews: StackPreview[] = [];
  for (const stack of names) {
    const target = resolveTarget({ ...options, stack });
    const config = target.embedded ? { ...imagesOf(stack), ...target.config } : target.config;
    previews.push(
      await progress.step(`Previewing ${stack}`, () => engine.inspect({ ...target, config }, {})),
    );
  }
  return previews;
};

/** The exit code of several previews is that of the one that got least far. */
const exitCodeOf = (previews: StackPreview[]): number =>
  Math.min(...previews.map(({ exitCode }) => exitCode || Number.POSITIVE_INFINITY));

export interface PreviewOutcome {
  previews: StackPreview[];
  summary: Summary;
  exitCode: number;
}

/** Previews one stack or all and puts what they say into one summary. Nothing is changed. */
export const previewSummary = async (
  options: PreviewOptions,
  progress: Progress,
): Promise<PreviewOutcome> => {
  if (options.base !== undefined && options.engine === 'cli') {
    throw new LocalError('The Pulumi CLI cannot compare two revisions without a state of each', {
      hint: 'Leave --engine out: --base uses the embedded engine, which needs neither state nor cluster.',
    });
  }
  const names = options.all ? stacks() : [options.stack];
  const preview = options.base === undefined ? againstState : againstBase;
  const previews = await preview(options, names, progress);
  const summary = summarise(previews, options.base);
  const worst = exitCodeOf(previews);
  const changed = previews.some(
    ({ resources, rewritten }) => rewritten > 0 || resources.some(({ op }) => op !== 'same'),
  );
  return {
    ...{ previews, summary },
    exitCode: Number.isFinite(worst) ? worst : options.expectNoChanges && changed ? 7 : 0,
  };
};

/** The part of a preview that nobody wrote into the program, and how a command that found it ends. */
export const driftOf = (preview: StackPreview): { preview: StackPreview; exitCode: number } => {
  if (!preview.served) {
    throw new LocalError(`No cluster has said what exists of the stack ${preview.stack}`, {
      hint: 'Name it with --context, or start the embedded one: platform cluster start.',
    });
  }
  const resources = preview.resources.filter(({ drifted, op }) => drifted && op !== 'same');
  const others = preview.resources.filter(({ drifted, op }) => !drifted && op !== 'same').length;
  const notes = others
    ? [
        `${others} resources differ from the program itself and were not compared: run it from the revision that is deployed.`,
      ]
    : [];
  return {
    preview: { ...preview, resources, findings: [], notes: [...preview.notes, ...notes] },
    exitCode:
      preview.exitCode === 5 || preview.exitCode === 0 ? (resources.length ? 7 : 0) : preview.exitCode,
  };
};

/**
 * What in the cluster differs from what this program and the recorded state agree on. The Pulumi CLI cannot tell that apart from what
 * the program would change, so run it from the revision that is deployed. Changes nothing; `up` puts it right.
 */
export const driftSummary = async (
  options: TargetOptions,
  progress: Progress,
): Promise<{ summary: Summary; exitCode: number }> => {
  const engine = await chooseEngine(options.engine);
  const plain = resolveTarget(options);
  const target = plain.embedded ? await withBuiltImages(plain, progress) : plain;
  const found = await progress.step(`Comparing the cluster of ${options.stack} with its program`, () =>
    engine.inspect(target, { refresh: true }),
  );
  const { preview, exitCode } = driftOf(found);
  return { summary: summarise([preview], undefined, 'Drift'), exitCode };
};
