import { randomUUID } from 'node:crypto';
import { LocalError } from '../errors';
import type { Judged, Violation } from './analyzer';
import { type ChangeOptions, Changes, resourceOf, sealedOutputs } from './changes';
import {
  deleteWaves,
  differences,
  type Goal,
  ignoring,
  isProvider,
  nameOf,
  optionsDiffer,
  planStep,
  type Resource,
} from './plan';
import type { PolicyPack } from './policies';
import type { Made } from './provider';
import { type Diagnostic, explain, type Registered, type StepReport } from './report';
import { keepSecrets, type Properties, same, type Value } from './values';

export interface DeploymentOptions extends ChangeOptions {
  packs: PolicyPack[];
  dryRun: boolean;
  targets?: string[];
  parallel: number;
  /** What the preview found out about each URN; an `up` does not ask again. */
  previewed?: Map<string, StepReport>;
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
  private readonly changes: Changes;

  constructor(private readonly options: DeploymentOptions) {
    this.bounded = limiter(options.parallel);
    this.changes = new Changes(options);
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
      ...{ custom: goal.custom, changes: [], inputs: goal.inputs, before: old?.inputs, seconds: 0 },
      propertyDependencies: goal.propertyDependencies,
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
    if (old && goal.ignoreChanges.length) {
      const wanted = goal.inputs;
      goal.inputs = ignoring(wanted, old.inputs ?? {}, goal.ignoreChanges);
      step.ignored = differences(goal.inputs, wanted);
    }
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
      return { id: kept || '', outputs: sealedOutputs(goal, found.outputs) };
    }
    // The preview has compared with the cluster as well: an object someone changed is put right, an immutable one replaced.
    if (previewed?.found && (plan.op === 'same' || plan.op === 'update')) plan.op = previewed.found;
    step.op = plan.op;
    if (plan.op !== 'same') step.changes = plan.changes.length ? plan.changes : (previewed?.changes ?? []);
    if (plan.op === 'same') {
      if (old && optionsDiffer(old, goal))
        state.put({ ...resourceOf(goal), id: old.id, outputs: old.outputs }, old);
      return { id: old?.id ?? '', outputs: old?.outputs ?? {} };
    }
    this.checkProtection(step, old);
    return this.bounded(() => {
      this.options.onStep?.(step, 'start');
      return this.changes.make(goal, old, plan, provider, step);
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
      this.options.state.put({ ...resourceOf(goal), ...(goal.custom ? { id } : {}), outputs }, old);
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
    const { urn, type, parent, custom } = resource;
    const step: StepReport = {
      ...{ urn, type, name: nameOf(urn), parent, custom, op: 'delete' },
      ...{ changes: [], inputs: {}, before: resource.inputs, seconds: 0 },
    };
    this.steps.push(step);
    if (dryRun) return;
    const started = Date.now();
    onStep?.(step, 'start');
    try {
      await this.changes.delete(resource, step);
    } catch (error) {
      step.error = this.options.redactor.redact(explain(error));
      this.fail(step.error, urn);
    }
    step.seconds = (Date.now() - started) / 1000;
    onStep?.(step, 'end');
  }

  /** What a run that was cut short left behind: creates that went through are taken into the state. */
  recover(note: (line: string) => void): Promise<void> {
    return this.changes.recover(note);
  }

  /** What the state would hold if this pass had been carried out; values that only exist then are unknown. */
  get resources(): Resource[] {
    return [...this.seen.values()].map(({ goal, properties }) => ({
      ...resourceOf(goal),
      outputs: properties,
    }));
  }

  /** Whether the outputs differ from the ones remembered. */
  get outputsChanged(): boolean {
    const before = this.options.state.find(this.stackUrn)?.outputs ?? {};
    return !same(before as Value, (this.stackOutputs ?? {}) as Value);
  }
}
