import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { LocalError } from '../errors';
import { Cluster, KubeError, readKubeconfig } from './cluster';
import { Deployment } from './deployment';
import { KubernetesJudge } from './judge';
import { KubernetesProvider } from './kubernetes';
import { Monitor } from './monitor';
import { type EngineOptions, type EngineResult, needPassphrase } from './options';
import type { Resource } from './plan';
import { PolicyPack, readSettings } from './policies';
import { runProgram } from './program';
import { type OpenConfig, openConfig, type Project, readProject } from './project';
import { type Provider, previewOnly } from './provider';
import { randomProvider } from './random';
import * as render from './render';
import type { StepReport } from './report';
import { type Crypter, createSecrets, openSecrets } from './secrets';
import { readStateFile, State, stateFile } from './state';
import { Redactor, shown } from './values';

/** A chart's content is rendered by the published provider itself, on the machine that installs it. */
const isRelease = (type: string) => type === 'kubernetes:helm.sh/v3:Release';

/** Everything one operation needs, opened in parallel and closed together. */
export class Session {
  readonly redactor = new Redactor();
  readonly notes: string[] = [];
  private programFailed = false;
  private readonly monitor: Monitor;
  private readonly abort = new AbortController();
  private packs: Promise<PolicyPack[]> = Promise.resolve([]);
  private cluster: Cluster | undefined;
  private judge: KubernetesJudge | undefined;
  private config: OpenConfig = { values: {}, secretKeys: [] };
  private release: (() => void) | undefined;
  private readonly keys = new Map<string, Promise<Crypter>>();

  constructor(
    readonly options: EngineOptions,
    readonly project: Project,
  ) {
    this.monitor = new Monitor(project.name, options.stack);
    // One per step that waits, and many wait at once.
    setMaxListeners(0, this.abort.signal);
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

  private kubernetes(): KubernetesProvider {
    if (this.options.judgeOnly && this.cluster) {
      this.judge = new KubernetesJudge(this.cluster);
      return this.judge;
    }
    return new KubernetesProvider(this.cluster, this.config.values['kubernetes:namespace']);
  }

  private provider(kind: 'preview' | 'up', toPreview: Resource[] = []) {
    const kubernetes = this.kubernetes();
    void kubernetes.prefetch(toPreview);
    return (type: string): Provider => {
      const pkg = type.split(':')[0];
      if (pkg === 'random') return randomProvider;
      if (pkg === 'kubernetes' && !isRelease(type)) {
        if (kind === 'preview' || this.cluster) return kubernetes;
        throw new LocalError('There is no cluster to change', {
          hint: 'Start the embedded cluster (platform cluster start), or name one with --context.',
        });
      }
      if (kind === 'preview') return previewOnly;
      throw new LocalError(
        `${type}: the built-in engine can preview this kind of resource, but not make it`,
        {
          hint: 'Use the Pulumi CLI for this stack.',
        },
      );
    };
  }

  deployment(
    state: State,
    packs: PolicyPack[],
    dryRun: boolean,
    provider = this.provider('up'),
    previewed?: Deployment,
  ) {
    return new Deployment({
      ...{ state, packs, dryRun, redactor: this.redactor, signal: this.abort.signal },
      provider,
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
    const provider = state.then(({ resources }) => this.provider(kind, dryRun ? resources : []));
    const ready = Promise.all([state, this.packs, provider]).then(([opened, packs, found]) =>
      this.deployment(opened, packs, dryRun, found, previewed),
    );
    this.monitor.attach(ready);
    const errors: string[] = [];
    const stop = new AbortController();
    this.monitor.stopProgram = () => stop.abort();
    const program = runProgram({
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
    if (this.judge?.note) run.log('warning', this.judge.note);
    this.programFailed ||= code !== 0;
    if (code === 0 && (dryRun || !run.failed)) await run.finish();
    return run;
  }

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
      served: this.cluster !== undefined,
      redact: (text) => this.redactor.redact(text),
      exitCode: this.programFailed ? 1 : broken ? 5 : failed ? 4 : expectNoChanges && changed ? 7 : 0,
    };
  }

  /** Prints what a pass found. `done` tells plans from deeds. */
  report(run: Deployment, result: EngineResult, done: boolean): void {
    const { options } = this;
    if (options.json) {
      const resources = result.resources.map(({ inputs, before, propertyDependencies, ...step }) => step);
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

/** Opens a session for one operation and closes it, whatever happens. */
export const withSession = async <T>(
  options: EngineOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> => {
  const project = readProject(options.projectDir, options.stack, options.config);
  const session = new Session({ out: process.stdout, ...options }, project);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
};
