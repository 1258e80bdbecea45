import { randomUUID } from 'node:crypto';
import { LocalError } from '../errors';
import { KubeError } from './cluster';
import {
  type Change,
  deleteWaves,
  type Goal,
  ignoring,
  isKnown,
  type Op,
  optionsDiffer,
  type Plan,
  planStep,
  type Resource,
} from './plan';
import type { Judged, PolicyPack, Violation } from './policies';
import type { Made, Provider, Watcher } from './provider';
import type { PendingOperation, State } from './state';
import { keepSecrets, type Properties, type Redactor, same, secret, type Value } from './values';

export interface StepReport {
  urn: string;
  type: string;
  name: string;
  parent?: string;
  op: Op;
  changes: Change[];
  /** The inputs after remediation. They hold secrets: for judging, never for printing. */
  inputs: Properties;
  seconds: number;
  error?: string;
  /** What the cluster says has to happen, when that is more than what the inputs say. */
  found?: Exclude<Op, 'delete'>;
}
export interface Diagnostic {
  severity: 'info' | 'warning' | 'error';
  message: string;
  urn?: string;
}
export interface Registered {
  urn: string;
  id: string;
  outputs: Properties;
  result: 'success' | 'fail' | 'skip';
}

export interface DeploymentOptions {
  state: State;
  packs: PolicyPack[];
  provider: (type: string) => Provider;
  dryRun: boolean;
  targets?: string[];
  parallel: number;
  redactor: Redactor;
  signal: AbortSignal;
  /** What the preview found out about each URN; an `up` does not ask again. */
  previewed?: Map<string, StepReport>;
  onStep?: (step: StepReport, phase: 'start' | 'detail' | 'end', detail?: string) => void;
}

/** Lets at most `limit` tasks run at once. */
const limiter = (limit: number) => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(task: () => Promise<T>): Promise<T> => {
    if (running >= limit) await new Promise<void>((go) => waiting.push(go));
    else running++;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
};

const explain = (error: unknown): string =>
  error instanceof LocalError
    ? `${error.message} — ${error.hint}`
    : ((error as Error)?.message ?? String(error));

const isProvider = (type: string) => type.startsWith('pulumi:providers:');
const nameOf = (urn: string) => urn.split('::').slice(3).join('::');

/** One pass over the program: a preview, or the changes themselves. Steps run as the program registers resources. */
export class Deployment {
  readonly steps: StepReport[] = [];
  readonly violations: Violation[] = [];
  readonly diagnostics: Diagnostic[] = [];
  stackUrn = '';
  stackOutputs: Properties | undefined;
  /** The state remembers something besides inputs (dependencies, protection …) that the program now says differently. */
  stale = false;
  private readonly seen = new Map<string, { goal: Goal; properties: Properties }>();
  /** Resources that were not made, so that nothing that needs them is tried. */
  private readonly absent = new Set<string>();
  private readonly bounded: ReturnType<typeof limiter>;

  constructor(private readonly options: DeploymentOptions) {
    this.bounded = limiter(options.parallel);
  }

  get failed(): boolean {
    return (
      this.diagnostics.some((found) => found.severity === 'error') ||
      this.violations.some((found) => found.level === 'mandatory')
    );
  }

  log(severity: Diagnostic['severity'], message: string, urn?: string): void {
    this.diagnostics.push({ severity, message: this.options.redactor.redact(message), urn });
  }

  fail(message: string, urn?: string): void {
    this.log('error', message, urn);
  }

  isTarget(urn: string): boolean {
    const { targets } = this.options;
    if (!targets?.length) return true;
    return targets.some((target) => {
      const pattern = target.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
      const subject = target.startsWith('urn:') ? urn : nameOf(urn);
      return new RegExp(`^${pattern.join('.*')}$`).test(subject);
    });
  }

  /** Carries out one registration. Never throws for a failed step: the program is told, and so is the report. */
  async register(goal: Goal): Promise<Registered> {
    const { state, redactor, dryRun } = this.options;
    if (this.seen.has(goal.urn)) {
      throw new LocalError(`Two resources have the same URN ${goal.urn}`, { hint: 'Give one another name.' });
    }
    const old = [goal.urn, ...goal.aliases].map((urn) => state.find(urn)).find(Boolean);
    this.seen.set(goal.urn, { goal, properties: goal.inputs });
    if (old && old.urn !== goal.urn) this.seen.set(old.urn, { goal, properties: goal.inputs });
    redactor.learn(goal.inputs);
    const missing = [...(goal.dependencies ?? []), goal.parent ?? ''].find((urn) => this.absent.has(urn));
    const isTarget = this.isTarget(goal.urn) || !goal.custom || isProvider(goal.type);
    if (missing || (!dryRun && this.failed) || (!isTarget && !old)) {
      this.absent.add(goal.urn);
      if (missing && isTarget && this.options.targets?.length) {
        this.fail(
          `${nameOf(goal.urn)} needs ${nameOf(missing)}, which does not exist and is not a target`,
          goal.urn,
        );
      }
      return { urn: goal.urn, id: '', outputs: goal.inputs, result: dryRun ? 'success' : 'skip' };
    }
    const step: StepReport = {
      ...{
        urn: goal.urn,
        type: goal.type,
        name: goal.name,
        parent: goal.parent,
        op: old ? 'same' : 'create',
      },
      ...{ changes: [], inputs: goal.inputs, seconds: 0 },
    };
    this.steps.push(step);
    const started = Date.now();
    try {
      if (!isTarget && old)
        return { urn: goal.urn, id: old.id ?? '', outputs: old.outputs ?? {}, result: 'success' };
      const made = await this.settle(goal, old, step);
      redactor.learn(made.outputs);
      this.seen.set(goal.urn, { goal, properties: goal.custom ? made.outputs : goal.inputs });
      return { urn: goal.urn, id: made.id, outputs: made.outputs, result: 'success' };
    } catch (error) {
      step.error = redactor.redact(explain(error));
      this.fail(step.error, goal.urn);
      this.absent.add(dryRun ? '' : goal.urn);
      return {
        urn: goal.urn,
        id: '',
        outputs: dryRun ? goal.inputs : {},
        result: dryRun ? 'success' : 'fail',
      };
    } finally {
      step.seconds = (Date.now() - started) / 1000;
      this.options.onStep?.(step, 'end');
    }
  }

  registerOutputs(urn: string, outputs: Properties): void {
    const { state, redactor } = this.options;
    redactor.learn(outputs);
    if (urn === this.stackUrn) this.stackOutputs = outputs;
    const entry = this.seen.get(urn);
    if (entry) entry.properties = { ...entry.properties, ...outputs };
    const resource = state.find(urn);
    if (!this.options.dryRun && resource) state.put({ ...resource, outputs }, resource);
  }

  /** Decides and does what one resource needs. */
  private async settle(goal: Goal, old: Resource | undefined, step: StepReport): Promise<Made> {
    const { dryRun, state } = this.options;
    const provider = goal.custom && !isProvider(goal.type) ? this.options.provider(goal.type) : undefined;
    if (old && goal.ignoreChanges.length)
      goal.inputs = ignoring(goal.inputs, old.inputs ?? {}, goal.ignoreChanges);
    if (provider) goal.inputs = provider.check(goal, old);
    await this.judge(goal);
    if (provider) goal.inputs = provider.check(goal, old);
    step.inputs = goal.inputs;
    const plan = planStep(old, goal, old && provider ? provider.limits(goal, old) : undefined);
    Object.assign(step, { op: plan.op, changes: plan.changes });
    this.stale ||= !!old && optionsDiffer(old, goal);
    const previewed = this.options.previewed?.get(goal.urn);
    if (!provider) return this.settleLocally(goal, old);
    if (dryRun) {
      const found = await provider.preview(goal, old, plan.op);
      if (found.op) Object.assign(step, { op: found.op, found: found.op });
      if (found.changes) step.changes = found.changes;
      this.checkProtection(step, old);
      const kept = (step.op === 'same' || step.op === 'update') && old?.id;
      return { id: kept || '', outputs: this.sealed(goal, found.outputs) };
    }
    // The preview has compared with the cluster as well: an object someone changed is put right, an immutable one replaced.
    if (previewed?.found && (plan.op === 'same' || plan.op === 'update')) plan.op = previewed.found;
    step.op = plan.op;
    if (plan.op !== 'same') step.changes = plan.changes.length ? plan.changes : (previewed?.changes ?? []);
    if (plan.op === 'same') {
      if (old && optionsDiffer(old, goal))
        state.put({ ...this.resource(goal), id: old.id, outputs: old.outputs }, old);
      return { id: old?.id ?? '', outputs: old?.outputs ?? {} };
    }
    this.checkProtection(step, old);
    return this.bounded(() => {
      this.options.onStep?.(step, 'start');
      return this.carryOut(goal, old, plan, provider, step);
    });
  }

  private checkProtection(step: StepReport, old: Resource | undefined): void {
    if (step.op !== 'replace' || !old?.protect) return;
    throw new LocalError(`${step.name} is protected and would have to be replaced`, {
      hint: 'Take protect off in a change of its own first, if it may really go.',
    });
  }

  /** Components, the stack and providers exist in the state only. */
  private settleLocally(goal: Goal, old: Resource | undefined): Made {
    // Silently going to the engine's own cluster instead of the one a provider names would be the worst of outcomes.
    const foreign = Object.keys(goal.inputs).filter(
      (key) => key !== 'version' && key !== 'pluginDownloadURL',
    );
    if (goal.type === 'pulumi:providers:kubernetes' && foreign.length) {
      throw new LocalError(
        `The provider ${goal.name} sets ${foreign.join(', ')}, which the built-in engine ignores`,
        {
          hint: 'Leave the provider out and name the cluster with --context, or use the Pulumi CLI.',
        },
      );
    }
    const id = goal.custom ? (old?.id ?? (this.options.dryRun ? '' : randomUUID())) : '';
    if (!this.options.dryRun) {
      const outputs = goal.custom ? goal.inputs : (old?.outputs ?? {});
      this.options.state.put({ ...this.resource(goal), ...(goal.custom ? { id } : {}), outputs }, old);
    }
    return { id, outputs: goal.inputs };
  }

  /** Packs correct, then judge. While changes are made, a violation stops this resource before it is touched. */
  private async judge(goal: Goal): Promise<void> {
    for (const pack of this.options.packs) {
      const { properties, by } = await pack.remediate({ ...goal, properties: goal.inputs });
      if (!by.length) continue;
      goal.inputs = keepSecrets(goal.inputs, properties) as Properties;
      this.diagnostics.push({ severity: 'info', message: `corrected by ${by.join(', ')}`, urn: goal.urn });
    }
    const judged = { ...goal, properties: goal.inputs };
    const found = (await Promise.all(this.options.packs.map((pack) => pack.analyze(judged)))).flat();
    const { redactor, dryRun } = this.options;
    this.violations.push(...found.map((one) => ({ ...one, message: redactor.redact(one.message) })));
    const broken = found.find((one) => one.level === 'mandatory');
    if (broken && !dryRun) {
      throw new LocalError(`Policy ${broken.policy} forbids this: ${broken.message}`, {
        hint: 'It was not touched.',
      });
    }
  }

  private resource(goal: Goal): Resource {
    const { name, ignoreChanges, replaceOnChanges, deleteBeforeReplace, aliases, ...kept } = goal;
    const now = new Date().toISOString();
    return { ...kept, created: now, modified: now };
  }

  /** Outputs with everything secret that the program or its inputs declare secret. */
  private sealed(goal: Goal, outputs: Properties): Properties {
    const marked = keepSecrets(goal.inputs, outputs) as Properties;
    for (const name of goal.additionalSecretOutputs ?? []) {
      if (marked[name] !== undefined) marked[name] = secret(marked[name] as Value);
    }
    return marked;
  }

  /** Creates, updates or replaces, writing to the state before and after each call to the provider. */
  private async carryOut(
    goal: Goal,
    old: Resource | undefined,
    plan: Plan,
    provider: Provider,
    step: StepReport,
  ) {
    const { state } = this.options;
    if (!isKnown(goal.inputs)) {
      throw new LocalError(`${goal.name} needs a value that does not exist`, {
        hint: 'See the error before this one.',
      });
    }
    let place = old;
    if (plan.op === 'replace' && old && plan.deleteFirst) {
      await this.delete(old, step);
      place = undefined;
    }
    const draft = this.resource(goal);
    if (plan.op === 'update' && old?.created) draft.created = old.created;
    const type = plan.op === 'update' ? 'updating' : 'creating';
    const operation = await state.begin(type, { ...draft, ...(type === 'updating' ? { id: old?.id } : {}) });
    let recorded: Resource | undefined;
    const record = (made: Made, initErrors?: string[]) => {
      const next: Resource = { ...draft, id: made.id, outputs: this.sealed(goal, made.outputs) };
      if (initErrors) next.initErrors = initErrors;
      if (!recorded && plan.op === 'replace' && place) {
        // Both exist for now; the old one goes when everything that used it has moved.
        state.put({ ...place, delete: true }, place);
        place = undefined;
      }
      state.put(next, recorded ?? place);
      recorded = next;
      state.end(operation);
    };
    const watcher: Watcher = {
      signal: this.options.signal,
      detail: (line) => this.options.onStep?.(step, 'detail', line),
      made: async (made) => {
        record(made, ['it was not seen ready yet']);
        await state.save();
      },
    };
    try {
      const made =
        plan.op === 'update' && old
          ? await provider.update(goal, old, watcher)
          : await provider.create(goal, watcher);
      record(made);
      return { id: made.id, outputs: this.sealed(goal, made.outputs) };
    } catch (error) {
      if (recorded)
        state.put({ ...recorded, initErrors: [this.options.redactor.redact(explain(error))] }, recorded);
      // A refusal means nothing was made. After anything else the note stays, and the next run looks.
      else if (error instanceof KubeError) state.end(operation);
      throw error;
    } finally {
      await state.save();
    }
  }

  private async delete(old: Resource, step: StepReport): Promise<void> {
    const { state, signal } = this.options;
    if (old.custom && !isProvider(old.type) && !old.retainOnDelete) {
      const operation = await state.begin('deleting', old);
      const detail = (line: string) => this.options.onStep?.(step, 'detail', line);
      await this.options.provider(old.type).delete(old, { signal, detail });
      state.end(operation);
    }
    state.remove(old);
    await state.save();
  }

  /** After a program without errors: judges the whole, then removes what it no longer names, dependents first. */
  async finish(remove: 'unseen' | 'all' = 'unseen'): Promise<void> {
    const { state, dryRun, packs, redactor } = this.options;
    if (remove === 'unseen' && packs.length) {
      const judged: Judged[] = [...this.seen.values()].map(({ goal, properties }) => ({
        ...goal,
        properties,
      }));
      const found = (await Promise.all(packs.map((pack) => pack.analyzeStack(judged, this.stackUrn)))).flat();
      this.violations.push(...found.map((one) => ({ ...one, message: redactor.redact(one.message) })));
      if (!dryRun && this.failed) return;
    }
    const gone = state.resources.filter(
      (resource) =>
        (remove === 'all' || resource.delete || !this.seen.has(resource.urn)) && this.isTarget(resource.urn),
    );
    for (const resource of gone.filter((one) => one.protect && !one.retainOnDelete)) {
      this.fail(
        `${nameOf(resource.urn)} is protected and would be deleted; take protect off first`,
        resource.urn,
      );
    }
    if (!dryRun && this.failed) return;
    for (const wave of deleteWaves(gone)) {
      await Promise.all(wave.map((resource) => this.bounded(() => this.removeOne(resource))));
      if (this.failed && !dryRun) return;
    }
  }

  private async removeOne(resource: Resource): Promise<void> {
    const { dryRun, onStep } = this.options;
    const { urn, type, parent } = resource;
    const step: StepReport = {
      urn,
      type,
      name: nameOf(urn),
      parent,
      op: 'delete',
      changes: [],
      inputs: {},
      seconds: 0,
    };
    this.steps.push(step);
    if (dryRun) return;
    const started = Date.now();
    onStep?.(step, 'start');
    try {
      await this.delete(resource, step);
    } catch (error) {
      step.error = this.options.redactor.redact(explain(error));
      this.fail(step.error, urn);
    }
    step.seconds = (Date.now() - started) / 1000;
    onStep?.(step, 'end');
  }

  /** What a run that was cut short left behind: creates that went through are taken into the state. */
  async recover(note: (line: string) => void): Promise<void> {
    const { state } = this.options;
    const left: PendingOperation[] = state.pending;
    if (!left.length) return;
    note(`The last change was cut short in ${left.length} step(s): checking what exists.`);
    for (const operation of left) {
      const { resource, type } = operation;
      if (type === 'creating') {
        const made = await this.options.provider(resource.type).adopt(resource);
        if (made) {
          const old = state.find(resource.urn);
          state.put({ ...resource, ...made, initErrors: ['its creation was cut short'] }, old);
          note(`${nameOf(resource.urn)} had been created: taken into the state.`);
        }
      }
      // An update or a delete that was cut short is simply planned again: both are safe to repeat.
      state.end(operation);
    }
    await state.save();
  }

  /** Whether the outputs differ from the ones remembered. */
  get outputsChanged(): boolean {
    const before = this.options.state.find(this.stackUrn)?.outputs ?? {};
    return !same(before as Value, (this.stackOutputs ?? {}) as Value);
  }
}
