import { join } from 'node:path';
import { LocalError } from '../errors';
import type { EngineOptions, EngineResult } from './options';
import type { Resource } from './plan';
import { explain } from './report';
import { withSession } from './session';
import { State } from './state';

export interface CompareOptions
  extends Pick<EngineOptions, 'stack' | 'config' | 'passphrase' | 'policyPackConfig'> {
  projectDir: string;
  policyPacks: string[];
  /** Another checkout of the same project. */
  baseDir: string;
}

interface Ground {
  resources: Resource[];
  redact: EngineResult['redact'];
  failure?: string;
}

const empty = (failure?: string): Ground => ({ resources: [], redact: (text) => text, failure });

const quiet = { stateDir: join(__dirname, 'no-state'), json: true, out: undefined };

const renderBase = async (options: CompareOptions): Promise<Ground> => {
  try {
    return await withSession(
      { ...options, ...quiet, projectDir: options.baseDir, policyPacks: [], policyPackConfig: [] },
      async (session) => {
        const run = await session.pass((await session.start('preview')).state, 'preview', true);
        const result = session.result(run);
        const failure = result.diagnostics.find(({ severity }) => severity === 'error')?.message;
        return result.exitCode === 0
          ? { resources: run.resources, redact: result.redact }
          : { ...empty(failure ?? 'the program failed'), redact: result.redact };
      },
    );
  } catch (error) {
    if (error instanceof LocalError) return empty(explain(error));
    throw error;
  }
};

/**
 * What `up` would do to a stack that stands exactly as the program of `baseDir` says, judged by the packs. Needs neither a
 * cluster nor a state; values that only exist after `up` count as unchanged. A base that does not render is an empty one, with a warning.
 */
export const compare = async (options: CompareOptions): Promise<EngineResult> => {
  const ground = renderBase(options);
  ground.catch(() => {});
  const state = ground.then(({ resources }) => {
    const standing = new State('', undefined);
    standing.resources = resources;
    return standing;
  });
  const result = await withSession({ ...options, ...quiet }, async (session) => {
    await session.start('preview');
    return session.result(await session.pass(state, 'preview', true));
  });
  const { failure, redact } = await ground;
  const warning = `The base does not render, so everything shows as new: ${failure}`;
  return {
    ...result,
    diagnostics: [
      ...result.diagnostics,
      ...(failure ? [{ severity: 'warning' as const, message: result.redact(redact(warning)) }] : []),
    ],
    redact: (text) => result.redact(redact(text)),
  };
};
