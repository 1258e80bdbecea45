// What a rule is, and how one is run. Rules know nothing of the engine; pack.ts ties them to it.
import { Field, UnknownValue } from './fields';

export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** One resource as a rule sees it. */
export interface Resource {
  /** Pulumi type token, e.g. `kubernetes:apps/v1:Deployment` */
  type: string;
  /** the kind at the end of the type token, e.g. `Deployment` */
  kind: string;
  /** the API group and version in the type token, e.g. `apps/v1` or `core/v1` */
  api: string;
  /** Pulumi name */
  name: string;
  urn: string;
  props: Field;
  /** property paths the program leaves to another owner */
  ignoreChanges: string[];
  /** namespace given to the whole provider, if any */
  providerNamespace?: string | undefined;
  /** URNs of the resources whose outputs a top-level property is made of; known for stack rules only */
  references: Record<string, string[]>;
}

interface RuleFacts {
  /** kebab-case, unique, stable: waivers and configuration name it */
  name: string;
  /** id of an item in checklist.ts */
  item: string;
  severity: Severity;
  /** what happens unless the pack's configuration says otherwise */
  level: 'mandatory' | 'advisory';
  description: string;
  /** how to put it right, one sentence without the full stop */
  fix: string;
  /** what may be set per rule beside `waivers`, as JSON schema properties */
  settings?: Record<string, Setting>;
}

export interface Setting {
  type: 'array' | 'string' | 'number' | 'boolean';
  items?: { type: 'string' };
  description: string;
}

export interface ResourceRule extends RuleFacts {
  scope: 'resource';
  /** which resources it is about */
  matches(resource: Resource): boolean;
  validate(resource: Resource, report: ResourceReport, settings: Settings): void;
  /** Changes plain inputs in place where that is safe; runs only where the configuration says `remediate`. */
  remediate?(inputs: Plain, resource: Resource): void;
}

export interface StackRule extends RuleFacts {
  scope: 'stack';
  validate(stack: Resource[], report: StackReport, settings: Settings): void;
}

/** Inputs that a remediation may write to: whatever shape the program gave them. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is Kubernetes' own and is probed step by step
export type Plain = any;

export type Rule = ResourceRule | StackRule;
export type Settings = Record<string, unknown>;

export interface Finding {
  resource: Resource;
  path: string;
  problem: string;
}

export interface Outcome {
  violations: Finding[];
  /** what could not be judged because a value is unknown at preview: neither a pass nor a violation */
  unchecked: Finding[];
}

export class StackReport {
  readonly outcome: Outcome = { violations: [], unchecked: [] };

  on(resource: Resource): ResourceReport {
    return new ResourceReport(this.outcome, resource);
  }
}

export class ResourceReport {
  constructor(
    private readonly outcome: Outcome,
    private readonly resource: Resource,
  ) {}

  /** `problem` never holds the value of something that may be secret. */
  violation(at: Field | string, problem: string): void {
    const path = typeof at === 'string' ? at : at.path;
    this.outcome.violations.push({ resource: this.resource, path, problem });
  }

  /** Runs one part of a check, so that an unknown value ends this part only and the rest is still judged. */
  guard(part: () => void): void {
    try {
      part();
    } catch (error) {
      if (!(error instanceof UnknownValue)) throw error;
      const { path } = error;
      if (this.outcome.unchecked.some((one) => one.path === path && one.resource === this.resource)) return;
      this.outcome.unchecked.push({ resource: this.resource, path, problem: 'is unknown at preview' });
    }
  }
}

/** Judges one resource. */
export function runResourceRule(rule: ResourceRule, resource: Resource, settings: Settings = {}): Outcome {
  const report = new StackReport();
  const one = report.on(resource);
  if (rule.matches(resource)) one.guard(() => rule.validate(resource, one, settings));
  return report.outcome;
}

/** Judges a whole stack. Unknown values are the rule's to guard, per resource. */
export function runStackRule(rule: StackRule, stack: Resource[], settings: Settings = {}): Outcome {
  const report = new StackReport();
  rule.validate(stack, report, settings);
  return report.outcome;
}

/** `<rule> [<checklist item>] <what is wrong at which path>. Fix: <how>` */
export function violationMessage(rule: Rule, finding: Finding, note = ''): string {
  return `${rule.name} [${rule.item}] ${finding.problem} at ${finding.path}${note}. Fix: ${rule.fix}.`;
}

/** Begins as the SDK's own message for such a case does, so that engines recognise it. */
export function uncheckedMessage(rule: Rule, finding: Finding): string {
  return `can't run policy '${rule.name}' [${rule.item}] during preview: not checked, ${finding.path} ${finding.problem}; it is checked again on up.`;
}

/** Builds the rule's view of a resource from the engine's type token and plain inputs. */
export function resourceOf(facts: {
  type: string;
  name: string;
  urn?: string;
  props: unknown;
  ignoreChanges?: string[];
  providerNamespace?: string | undefined;
  references?: Record<string, string[]>;
}): Resource {
  const [, api = '', kind = ''] = facts.type.split(':');
  return {
    type: facts.type,
    api,
    kind,
    name: facts.name,
    urn: facts.urn ?? `urn:pulumi:stack::project::${facts.type}::${facts.name}`,
    props: new Field(facts.props),
    ignoreChanges: facts.ignoreChanges ?? [],
    providerNamespace: facts.providerNamespace,
    references: facts.references ?? {},
  };
}

/** A number from the configuration of a rule, or the default. */
export function numberSetting(settings: Settings, key: string, otherwise: number): number {
  const value = settings[key];
  return typeof value === 'number' ? value : otherwise;
}

/** A list of texts from the configuration of a rule, or the default. */
export function listSetting(settings: Settings, key: string, otherwise: string[]): string[] {
  const value = settings[key];
  return Array.isArray(value) ? value.map(String) : otherwise;
}
