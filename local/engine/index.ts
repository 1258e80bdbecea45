import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LocalError } from '../errors';
import { Cluster, KubeError, readKubeconfig } from './cluster';
import { Deployment, type Diagnostic, type StepReport } from './deployment';
import { KubernetesProvider } from './kubernetes';
import { Monitor } from './monitor';
import type { Op } from './plan';
import { PolicyPack, readSettings, type Violation } from './policies';
import { runProgram as startProgram } from './program';
import { type OpenConfig, openConfig, type Project, readProject } from './project';
import type { Provider } from './provider';
import { randomProvider } from './random';
import * as render from './render';
import { type Crypter, createSecrets, openSecrets } from './secrets';
import { checkState, readStateFile, State, stateFile } from './state';
import { hasUnknown, Redactor, shown } from './values';

export type { Diagnostic, Op, StepReport, Violation };

export interface EngineOptions {
  projectDir: string;
  stack: string;
  /** Folder of `<stack>.json`, its backup and its lock. */
  stateDir: string;
  policyPacks: string[];
  /** JSON files with settings, one per pack in the same order; see readSettings. */
  policyPackConfig?: string[];
  /** Wins over Pulumi.yaml and Pulumi.<stack>.yaml. Keys without a namespace belong to the project. */
  config?: Record<string, string>;
  /** Without one, previews are made from inputs alone and `up` refuses to. */
  kubeconfig?: string;
  context?: string;
  /** URNs, or names with `*`. */
  target?: string[];
  expectNoChanges?: boolean;
  json?: boolean;
  /** Else PULUMI_CONFIG_PASSPHRASE, else the file PULUMI_CONFIG_PASSPHRASE_FILE names. */
  passphrase?: string;
  out?: NodeJS.WritableStream;
  /** Steps at a time; 32. */
  parallel?: number;
}

/**
 * `exitCode` follows the Pulumi CLI: 0 done, 1 the program failed, 4 a resource failed or is invalid, 5 a mandatory
 * policy was violated, 7 there are changes though none were expected. Problems before the program starts (configuration,
 * state, lock, unreachable cluster) are thrown as LocalError, for which 2 is the CLI's code.
 */
export interface EngineResult {
  changes: Record<Op, number>;
  resources: StepReport[];
  violations: Violation[];
  diagnostics: Diagnostic[];
  /** Of the stack, secrets and unknowns blotted out. */
  outputs: Record<string, unknown>;
  exitCode: number;
}

const passphraseOf = (options: Pick<EngineOptions, 'passphrase'>): string | undefined => {
  const file = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return (
    options.passphrase ?? process.env.PULUMI_CONFIG_PASSPHRASE ?? (file && readFileSync(file, 'utf8').trim())
  );
};

const needPassphrase = (options: EngineOptions, why: string): string => {
  const passphrase = passphraseOf(options);
  if (passphrase !== undefined) return passphrase;
  throw new LocalError(`The stack ${options.stack} needs a passphrase: ${why}`, {
    hint: 'Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.',
  });
};

/** Everything one operation needs, opened in parallel and closed together. */
class Session {
  readonly redactor = new Redactor();
  readonly notes: string[] = [];
  private readonly monitor: Monitor;
  private readonly abort = new AbortController();
  private packs: Promise<PolicyPack[]> = Promise.resolve([]);
  private cluster: Cluster | undefined;
  private config: OpenConfig = { values: {}, secretKeys: [] };
  private release: (() => void) | undefined;
  private readonly keys = new Map<string, Promise<Crypter>>();

  constructor(
    readonly options: EngineOptions,
    readonly project: Project,
  ) {
    this.monitor = new Monitor(project.name, options.stack);
  }

  write(line: string): void {
    if (!this.options.json) this.options.out?.write(`${this.redactor.redact(line)}\n`);
  }

  private open(salt: string, why: string): Promise<Crypter> {
    const known = this.keys.get(salt) ?? openSecrets(salt, needPassphrase(this.options, why));
    this.keys.set(salt, known);
    return known;
  }

  /**
   * Takes the lock for changes, reads the configuration and starts the packs. The state, and with it the cluster, may
   * still be on its way when this resolves, so that the program starts meanwhile.
   */
  async start(kind: 'preview' | 'up' | 'down'): Promise<{ state: Promise<State> }> {
    const { options, project } = this;
    if (kind !== 'preview') {
      mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
      this.release = State.lock(options.stateDir, options.stack, (line) => this.write(line));
    }
    this.config = await openConfig(project.config, async (sealed) => {
      if (!project.salt) {
        throw new LocalError(`Pulumi.${options.stack}.yaml has secure values but no encryptionsalt`, {
          hint: 'Restore the line from version control, or set the secrets again.',
        });
      }
      return (await this.open(project.salt, 'its configuration holds secrets')).decrypt(sealed);
    });
    for (const key of this.config.secretKeys) this.redactor.add(this.config.values[key] ?? '');
    await this.monitor.listen();
    if (kind !== 'down') this.packs = this.startPacks();
    this.packs.catch(() => {});
    const state = Promise.all([this.loadState(kind), this.connect(kind)]).then(([loaded]) => loaded);
    state.catch(() => {});
    return { state };
  }

  private async startPacks(): Promise<PolicyPack[]> {
    const { policyPacks, policyPackConfig = [], stack } = this.options;
    const settled = await Promise.allSettled(
      policyPacks.map((directory, index) =>
        PolicyPack.start(directory, {
          ...{ project: this.project.name, stack, config: this.config, address: this.monitor.address },
          settings: policyPackConfig[index] ? readSettings(policyPackConfig[index]) : {},
          onLine: (line) => this.write(`  ${line}`),
        }),
      ),
    );
    const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failure = settled.find((one) => one.status === 'rejected');
    if (!failure) return started;
    for (const pack of started) pack.stop();
    throw failure.reason;
  }

  private async loadState(kind: 'preview' | 'up' | 'down'): Promise<State> {
    const { stateDir, stack } = this.options;
    const salt = readStateFile(stateFile(stateDir, stack))?.deployment.secrets_providers?.state?.salt;
    const wanted = salt ?? this.project.salt;
    if (wanted) return State.load(stateDir, stack, await this.open(wanted, 'its state holds secrets'));
    const crypter =
      kind === 'up'
        ? await createSecrets(needPassphrase(this.options, 'its state is to hold secrets'))
        : undefined;
    return State.load(stateDir, stack, crypter);
  }

  private async connect(kind: 'preview' | 'up' | 'down'): Promise<void> {
    const { kubeconfig, context = this.config.values['kubernetes:context'] } = this.options;
    if (!kubeconfig) {
      if (kind === 'preview') this.notes.push('No cluster was given: no server has validated these objects.');
      return;
    }
    try {
      const cluster = new Cluster(await readKubeconfig(kubeconfig, context));
      this.cluster = cluster;
      await cluster.request('GET', '/api/v1', { timeoutMs: 5_000 });
    } catch (error) {
      const problem =
        error instanceof KubeError
          ? new LocalError(`The API server refuses this user: ${error.message}`, {
              hint: 'Check the context.',
            })
          : error;
      if (kind !== 'preview' || !(problem instanceof LocalError)) throw problem;
      this.cluster = undefined;
      this.notes.push(`${problem.message}. So no server has validated these objects.`);
    }
  }

  private provider(kind: 'preview' | 'up') {
    const kubernetes = new KubernetesProvider(this.cluster, this.config.values['kubernetes:namespace']);
    return (type: string): Provider => {
      const pkg = type.split(':')[0];
      if (pkg === 'random') return randomProvider;
      if (pkg === 'kubernetes') {
        if (kind === 'preview' || this.cluster) return kubernetes;
        throw new LocalError('There is no cluster to change', {
          hint: 'Start the embedded cluster (platform cluster start), or name one with --context.',
        });
      }
      if (kind === 'preview') return previewOnly;
      throw new LocalError(`${type}: the built-in engine can preview ${pkg} resources, but not make them`, {
        hint: 'Use the Pulumi CLI for this stack.',
      });
    };
  }

  deployment(
    state: State,
    packs: PolicyPack[],
    dryRun: boolean,
    kind: 'preview' | 'up',
    previewed?: Deployment,
  ) {
    return new Deployment({
      ...{ state, packs, dryRun, redactor: this.redactor, signal: this.abort.signal },
      provider: this.provider(kind),
      targets: this.options.target,
      parallel: this.options.parallel ?? 32,
      previewed: previewed && new Map(previewed.steps.map((step) => [step.urn, step])),
      onStep: dryRun ? undefined : this.progress(),
    });
  }

  /** Lines while changes are made: one per finished step, and what is waited for every few seconds. */
  private progress() {
    const told = new Map<string, { at: number; line: string }>();
    return (step: StepReport, phase: 'start' | 'detail' | 'end', detail = '') => {
      if (render.isDefaultProvider(step)) return;
      if (phase === 'end' && (step.op !== 'same' || step.error)) this.write(render.stepLine(step));
      if (phase !== 'detail') return;
      const last = told.get(step.urn) ?? { at: Date.now(), line: '' };
      if (!told.has(step.urn)) told.set(step.urn, last);
      if (Date.now() - last.at < 5_000 || last.line === detail) return;
      told.set(step.urn, { at: Date.now(), line: detail });
      this.write(`     … ${detail}`);
    };
  }

  /** Runs the program once. The pass it returns holds everything that happened. */
  async pass(
    state: Promise<State>,
    kind: 'preview' | 'up',
    dryRun: boolean,
    previewed?: Deployment,
  ): Promise<Deployment> {
    const { stack, parallel = 32 } = this.options;
    const ready = Promise.all([state, this.packs]).then(([opened, packs]) =>
      this.deployment(opened, packs, dryRun, kind, previewed),
    );
    this.monitor.attach(ready);
    const errors: string[] = [];
    const stop = new AbortController();
    this.monitor.stopProgram = () => stop.abort();
    const program = startProgram({
      ...{ project: this.project, stack, config: this.config, address: this.monitor.address, dryRun },
      parallel,
      signal: stop.signal,
      onLine: (line, from) => (from === 'stdout' ? this.write(`  ${line}`) : errors.push(line)),
    });
    const run = await ready.catch((error) => {
      stop.abort();
      throw error;
    });
    const code = await program;
    for (const line of errors) run.log('info', line);
    if (code !== 0 && !run.diagnostics.some((one) => one.severity === 'error')) {
      run.fail(`The program ended with exit code ${code}`);
    }
    this.programFailed ||= code !== 0;
    if (code === 0 && (dryRun || !run.failed)) await run.finish();
    return run;
  }
  programFailed = false;

  result(run: Deployment): EngineResult {
    const { expectNoChanges } = this.options;
    const resources = run.steps.filter((step) => !render.isDefaultProvider(step));
    const changes = render.counts(resources);
    const changed = changes.create + changes.update + changes.replace + changes.delete > 0;
    const broken = run.violations.some((one) => one.level === 'mandatory');
    const failed = run.diagnostics.some((one) => one.severity === 'error');
    return {
      ...{ changes, resources, violations: run.violations, diagnostics: run.diagnostics },
      outputs: shown(run.stackOutputs ?? {}) as Record<string, unknown>,
      exitCode: this.programFailed ? 1 : broken ? 5 : failed ? 4 : expectNoChanges && changed ? 7 : 0,
    };
  }

  /** Prints what a pass found. `done` tells plans from deeds. */
  report(run: Deployment, result: EngineResult, done: boolean): void {
    const { options } = this;
    if (options.json) {
      const resources = result.resources.map(({ inputs, ...step }) => step);
      const text = JSON.stringify({ ...result, resources, notes: this.notes }, null, 2);
      options.out?.write(`${this.redactor.redact(text)}\n`);
      return;
    }
    const lines = [
      ...(done ? [] : render.tree(run.steps)),
      ...render.policyLines(result.violations),
      ...render.diagnosticLines(result.diagnostics),
      ...render.outputLines(result.exitCode === 0 ? run.stackOutputs : undefined),
      '',
      `Resources: ${render.summary(run.steps, done)}`,
      ...this.notes.map((note) => `Note: ${note}`),
      ...(result.exitCode === 5 ? ['A mandatory policy is violated: nothing of it was touched.'] : []),
      ...(result.exitCode === 7 ? ['No changes were expected, but there are some.'] : []),
    ];
    for (const line of lines) this.write(line);
  }

  async close(): Promise<void> {
    this.abort.abort();
    for (const pack of await this.packs.catch(() => [])) pack.stop();
    this.monitor.close();
    await this.cluster?.close();
    this.release?.();
  }
}

/** Resources of packages this engine does not speak: their outputs are unknown until the Pulumi CLI makes them. */
const previewOnly: Provider = {
  check: (goal) => goal.inputs,
  limits: () => ({ replacing: [], fixedName: false }),
  preview: async (goal, old) => ({ outputs: old?.outputs ?? goal.inputs }),
  create: () => Promise.reject(new Error('preview only')),
  update: () => Promise.reject(new Error('preview only')),
  delete: () => Promise.reject(new Error('preview only')),
  adopt: async () => undefined,
};

const withSession = async <T>(options: EngineOptions, use: (session: Session) => Promise<T>): Promise<T> => {
  const project = readProject(options.projectDir, options.stack, options.config);
  const session = new Session({ out: process.stdout, ...options }, project);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
};

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
    await session.deployment(state, [], false, 'up').recover((line) => session.write(line));
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
    const run = session.deployment(state, [], false, 'up');
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

/** Takes over an exported state, keeping the present one as backup. Its secrets must open with the stack's passphrase. */
export const importState = async (options: EngineOptions, content: unknown): Promise<void> => {
  let checked: ReturnType<typeof checkState>;
  try {
    checked = checkState(content);
  } catch (cause) {
    throw new LocalError(`This is not an exported state: ${(cause as Error).message}`, {
      hint: 'Export it with `pulumi stack export` or `platform state export`.',
      cause,
    });
  }
  const release = State.lock(options.stateDir, options.stack, () => {});
  try {
    const salt = checked.deployment.secrets_providers?.state?.salt;
    const why = 'the imported state holds secrets';
    const crypter = salt ? await openSecrets(salt, needPassphrase(options, why)) : undefined;
    const state = State.load(options.stateDir, options.stack, crypter, checked);
    await state.save();
  } finally {
    release();
  }
};

/** The whole program of a stack, with packs, without cluster and state: for tests. Nothing is printed. */
export const runProgram = (options: {
  stack: string;
  projectDir?: string;
  config?: Record<string, string>;
  policyPacks?: string[];
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
