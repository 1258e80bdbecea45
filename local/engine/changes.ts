import { LocalError } from '../errors';
import { KubeError } from './cluster';
import { type Goal, isKnown, isProvider, nameOf, type Plan, type Resource } from './plan';
import type { Made, Provider, Watcher } from './provider';
import { explain, type StepReport } from './report';
import type { PendingOperation, State } from './state';
import { keepSecrets, type Properties, type Redactor, secret, type Value } from './values';

export interface ChangeOptions {
  state: State;
  provider: (type: string) => Provider;
  redactor: Redactor;
  signal: AbortSignal;
  onStep?: (step: StepReport, phase: 'start' | 'detail' | 'end', detail?: string) => void;
}

/** What the state keeps of a goal. */
export const resourceOf = (goal: Goal): Resource => {
  const { name, ignoreChanges, replaceOnChanges, deleteBeforeReplace, aliases, ...kept } = goal;
  const now = new Date().toISOString();
  return { ...kept, created: now, modified: now };
};

/** Outputs with everything secret that the program or its inputs declare secret. */
export const sealedOutputs = (goal: Goal, outputs: Properties): Properties => {
  const marked = keepSecrets(goal.inputs, outputs) as Properties;
  for (const name of goal.additionalSecretOutputs ?? []) {
    if (marked[name] !== undefined) marked[name] = secret(marked[name] as Value);
  }
  return marked;
};

/** Changes single resources so that the state always tells what may exist, also after a run that was cut short. */
export class Changes {
  constructor(private readonly options: ChangeOptions) {}

  /** Creates, updates or replaces, writing to the state before and after each call to the provider. */
  async make(
    goal: Goal,
    old: Resource | undefined,
    plan: Plan,
    provider: Provider,
    step: StepReport,
  ): Promise<Made> {
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
    const draft = resourceOf(goal);
    if (plan.op === 'update' && old?.created) draft.created = old.created;
    const type = plan.op === 'update' ? 'updating' : 'creating';
    const operation = await state.begin(type, { ...draft, ...(type === 'updating' ? { id: old?.id } : {}) });
    let recorded: Resource | undefined;
    const record = (made: Made, initErrors?: string[]) => {
      const next: Resource = { ...draft, id: made.id, outputs: sealedOutputs(goal, made.outputs) };
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
      return { id: made.id, outputs: sealedOutputs(goal, made.outputs) };
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

  /** Deletes what the provider made, unless it is to be retained, and then forgets it. */
  async delete(old: Resource, step: StepReport): Promise<void> {
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
}
