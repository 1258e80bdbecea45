import { type Change, type EngineResult, shown } from '@platform/local/engine';
import { changesOf, readable } from './diff';
import {
  at,
  isObject,
  nameInUrn,
  nameOf,
  type PolicyFinding,
  type Properties,
  type ResourceChange,
  type StackPreview,
} from './model';

/** A copy with every text, keys included, passed through `change`. */
const everyText = (value: unknown, change: (text: string) => string): unknown => {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => everyText(item, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [change(key), everyText(item, change)]),
  );
};

const isRewritten = ({ op, changes }: ResourceChange) => op === 'update' && changes.length === 0;

const collect = (
  changes: ResourceChange[],
  rest: Omit<StackPreview, 'resources' | 'unchanged' | 'rewritten'>,
  unchanged: number,
): StackPreview => ({
  ...rest,
  resources: changes.filter(
    (change) => !isRewritten(change) && (change.op !== 'same' || change.ignored.length),
  ),
  unchanged: unchanged + changes.filter(({ op }) => op === 'same').length,
  rewritten: changes.filter(isRewritten).length,
});

/** The result of the embedded engine. */
export const fromEngine = (stack: string, result: EngineResult): StackPreview => {
  const safe = <T>(value: T): T => everyText(value, result.redact) as T;
  const properties = (value: Properties | undefined) =>
    value && (safe(shown(value as Parameters<typeof shown>[0])) as Properties);
  const own = result.resources.filter(({ custom }) => custom);
  const touched = own.filter(({ op, ignored }) => op !== 'same' || ignored?.length);
  const changes = touched.map(({ urn, type, op, changes: known, ignored = [], found, ...step }) => {
    const [before, inputs] = [properties(step.before), properties(step.inputs) ?? {}];
    return {
      ...{ urn, type, op, inputs, name: nameOf(urn, op === 'delete' ? (before ?? {}) : inputs) },
      changes:
        op === 'update' || op === 'replace'
          ? changesOf(before, inputs, safe(known), found !== undefined)
          : [],
      ignored: readable(safe(ignored)),
      drifted: found !== undefined,
    };
  });
  const findings = result.violations.map(({ policy, level, urn, message, notChecked }) => ({
    ...{ policy, level, message: result.redact(message), notChecked },
    resource: nameInUrn(urn),
  }));
  const say = (severity: string) =>
    result.diagnostics
      .filter((one) => one.severity === severity)
      .map(({ urn, message }) => result.redact(urn ? `${nameInUrn(urn)}: ${message}` : message).trim());
  return collect(
    changes,
    {
      stack,
      findings,
      errors: say('error'),
      notes: say('warning'),
      exitCode: result.exitCode,
      served: result.served,
    },
    own.length - touched.length,
  );
};

/** Lines of the engine events of the Pulumi CLI (`--event-log`), as far as they are read here. */
interface Event {
  resourcePreEvent?: {
    metadata: {
      op: string;
      urn: string;
      type: string;
      old?: { custom?: boolean; inputs?: Properties };
      new?: { custom?: boolean; inputs?: Properties };
      detailedDiff?: Record<string, { kind: string }> | null;
    };
  };
  policyEvent?: {
    resourceUrn?: string;
    message: string;
    policyName: string;
    enforcementLevel: string;
  };
  diagnosticEvent?: { urn?: string; message: string; severity: string; ephemeral?: boolean };
}

/** The CLI writes its texts with marks for colours, `<{%reset%}>`. */
const plainText = (text: string) => text.replace(/<\{%[^%]*%\}>/g, '').trim();

/** Steps of the CLI that are a change of their own; a replacement's two halves are told by `replace`. */
const ops: Record<string, ResourceChange['op']> = {
  ...{ same: 'same', create: 'create', update: 'update', delete: 'delete', replace: 'replace' },
  // A preview after a refresh: what the cluster has otherwise than the state.
  refresh: 'update',
};

const finding = ({
  resourceUrn = '',
  message,
  ...rest
}: NonNullable<Event['policyEvent']>): PolicyFinding => ({
  policy: rest.policyName,
  level: rest.enforcementLevel === 'warning' ? 'advisory' : rest.enforcementLevel,
  resource: nameInUrn(resourceUrn),
  message: plainText(message),
  notChecked: /^can't run policy .* during preview/.test(plainText(message)),
});

/** Where a secret changed the two sides look alike; only the provider's own list of paths tells. */
const secretChanges = (paths: string[], before: Properties | undefined, after: Properties): Change[] =>
  paths
    .filter((path) => {
      const keys = path.split(/[.[\]"]+/).filter(Boolean);
      return at(before, ...keys) === '[secret]' && at(after, ...keys) === '[secret]';
    })
    .map((path) => ({ path, kind: 'change', before: '[secret]', after: '[secret]' }));

/** What the Pulumi CLI wrote to its event log during a preview. Its values have their secrets blotted out by the CLI. */
export const fromEvents = (stack: string, log: string, exitCode: number): StackPreview => {
  const events = log
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Event);
  const steps = events
    .flatMap(({ resourcePreEvent }) => (resourcePreEvent ? [resourcePreEvent.metadata] : []))
    .filter((step) => ops[step.op] && (step.new ?? step.old)?.custom && !/^pulumi:/.test(step.type));
  const touched = steps.filter(({ op }) => op !== 'same');
  const changes = touched.map(({ urn, type, op, old, new: wanted, detailedDiff }): ResourceChange => {
    const [before, inputs] = [old?.inputs, op === 'delete' ? {} : (wanted?.inputs ?? {})];
    const known = secretChanges(Object.keys(detailedDiff ?? {}), before, inputs);
    const kind = ops[op] ?? 'update';
    return {
      ...{ urn, type, op: kind, inputs, name: nameOf(urn, op === 'delete' ? (before ?? {}) : inputs) },
      changes: kind === 'update' || kind === 'replace' ? changesOf(before, inputs, known, false) : [],
      ignored: [],
      // The log does not tell drift from what the program changes: see pulumiCli.inspect.
      drifted: true,
    };
  });
  const diagnostics = events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent && !diagnosticEvent.ephemeral ? [diagnosticEvent] : [],
  );
  const say = (severity: string) =>
    diagnostics
      .filter((one) => one.severity === severity)
      .map(({ urn, message }) => plainText(urn ? `${nameInUrn(urn)}: ${plainText(message)}` : message));
  return collect(
    changes,
    {
      ...{ stack, errors: say('error'), notes: say('warning'), exitCode, served: true },
      findings: events.flatMap(({ policyEvent }) => (policyEvent ? [finding(policyEvent)] : [])),
    },
    steps.length - touched.length,
  );
};
