import { join, resolve } from 'node:path';
import type { Violation } from './analyzer';
import type { EngineOptions, EngineResult } from './options';
import type { Change, Op } from './plan';
import { PolicyPack } from './policies';
import * as render from './render';
import type { Diagnostic, StepReport } from './report';
import { withSession } from './session';
import { readStateFile, stateFile } from './state';
import { hasUnknown, shown } from './values';

export { compare } from './compare';
export type { Change, Diagnostic, EngineOptions, EngineResult, Op, StepReport, Violation };
export { PolicyPack, shown };

/** Runs the program and the packs without changing anything, and says what `up` would do. */
export const preview = (options: EngineOptions): Promise<EngineResult> =>
  withSession(options, async (session) => {
    session.write(`Previewing ${options.stack}`);
    const run = await session.pass((await session.start('preview')).state, 'preview', true);
    const result = session.result(run);
    session.report(run, result, false);
    return result;
  });

/**
 * Makes the cluster what the program says. A whole preview comes first: a violated policy, a misspelt field or a failing
 * program stops it before anything is touched.
 */
export const up = (options: EngineOptions): Promise<EngineResult> =>
  withSession(options, async (session) => {
    const state = await (await session.start('up')).state;
    session.write(`Updating ${options.stack}`);
    await session.deployment(state, [], false).recover((line) => session.write(line));
    const plan = await session.pass(Promise.resolve(state), 'up', true);
    const planned = session.result(plan);
    const { same: _unchanged, ...changes } = render.counts(plan.steps);
    const idle = Object.values(changes).every((count) => count === 0);
    const settled = idle && !plan.stale && !plan.outputsChanged && !hasUnknown(plan.stackOutputs ?? {});
    if (planned.exitCode !== 0 || settled) {
      session.report(plan, planned, false);
      return planned;
    }
    if (!options.json) for (const line of render.tree(plan.steps)) session.write(line);
    const run = await session.pass(Promise.resolve(state), 'up', false, plan);
    await state.save();
    const result = session.result(run);
    session.report(run, { ...result, violations: run.failed ? result.violations : planned.violations }, true);
    return result;
  });

/** Deletes everything in the state, dependents first. The program is not run. */
export const down = (options: EngineOptions): Promise<EngineResult> =>
  withSession(options, async (session) => {
    const state = await (await session.start('down')).state;
    session.write(`Removing ${options.stack}`);
    const run = session.deployment(state, [], false);
    await run.recover((line) => session.write(line));
    await run.finish('all');
    await state.save();
    const result = session.result(run);
    session.report(run, result, true);
    return result;
  });

/** The state as `pulumi stack import` takes it, secrets encrypted with the stack's passphrase. */
export const exportState = async (options: Pick<EngineOptions, 'stateDir' | 'stack'>): Promise<object> =>
  readStateFile(stateFile(options.stateDir, options.stack)) ?? {
    version: 3,
    deployment: { manifest: {}, resources: [] },
  };

/** The whole program of a stack, with packs, without cluster and state: for tests. Nothing is printed. */
export const runProgram = (options: {
  stack: string;
  projectDir?: string;
  config?: Record<string, string>;
  policyPacks?: string[];
  policyPackConfig?: string[];
  passphrase?: string;
}): Promise<EngineResult> =>
  withSession(
    {
      projectDir: resolve(__dirname, '..', '..'),
      policyPacks: [],
      stateDir: join(__dirname, 'no-state'),
      json: true,
      out: undefined,
      ...options,
    },
    async (session) =>
      session.result(await session.pass((await session.start('preview')).state, 'preview', true)),
  );
