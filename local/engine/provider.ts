import type { Change, Goal, Op, Resource } from './plan';
import type { Properties } from './values';

export interface Made {
  id: string;
  outputs: Properties;
}

export interface Previewed {
  outputs: Properties;
  /** What the provider found out beyond the plan: an object changed or removed by someone else, an immutable field. */
  op?: Exclude<Op, 'delete'>;
  changes?: Change[];
}

/** What an operation may tell while it runs. */
export interface Watcher {
  /** The object exists now; it is recorded before anything waits for it. */
  made(made: Made): Promise<void>;
  /** What is being waited for, for people. */
  detail(line: string): void;
  signal: AbortSignal;
}

/** Makes resources of one Pulumi package. Errors are LocalErrors a person can act on. */
export interface Provider {
  /** Completes inputs with what is decided once and then kept, such as generated names. */
  check(goal: Goal, old: Resource | undefined): Properties;
  /** Paths whose change needs a new object, and whether old and new share a name. */
  limits(goal: Goal, old: Resource): { replacing: string[]; fixedName: boolean };
  preview(goal: Goal, old: Resource | undefined, op: Exclude<Op, 'delete'>): Promise<Previewed>;
  create(goal: Goal, watcher: Watcher): Promise<Made>;
  update(goal: Goal, old: Resource, watcher: Watcher): Promise<Made>;
  delete(old: Resource, watcher: Pick<Watcher, 'detail' | 'signal'>): Promise<void>;
  /** Whether a create that was cut short went through after all. */
  adopt(resource: Resource): Promise<Made | undefined>;
}

/** Resources of packages this engine does not speak: their outputs are unknown until the Pulumi CLI makes them. */
export const previewOnly: Provider = {
  check: (goal) => goal.inputs,
  limits: () => ({ replacing: [], fixedName: false }),
  preview: async (goal, old) => ({ outputs: old?.outputs ?? goal.inputs }),
  create: () => Promise.reject(new Error('preview only')),
  update: () => Promise.reject(new Error('preview only')),
  delete: () => Promise.reject(new Error('preview only')),
  adopt: async () => undefined,
};
