import { LocalError } from '../errors';
import type { Change, Op } from './plan';
import type { Properties } from './values';

export interface StepReport {
  urn: string;
  type: string;
  name: string;
  parent?: string;
  /** False for components and the stack, which exist in the state only. */
  custom: boolean;
  op: Op;
  changes: Change[];
  /** What the program says differently in fields it leaves to others (`ignoreChanges`): without effect on what exists. */
  ignored?: Change[];
  /** The inputs after remediation. They hold secrets: for judging, never for printing. */
  inputs: Properties;
  /** Input → URNs of the resources whose outputs it is made of; all there is to say of an unknown one. */
  propertyDependencies?: Record<string, string[]>;
  /** The inputs the state remembers, with their secrets. */
  before?: Properties;
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

/** A failure in one line, with what to do about it. */
export const explain = (error: unknown): string =>
  error instanceof LocalError
    ? `${error.message} — ${error.hint}`
    : ((error as Error)?.message ?? String(error));
