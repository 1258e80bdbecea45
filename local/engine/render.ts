import { inspect } from 'node:util';
import type { Violation } from './analyzer';
import type { Change, Op } from './plan';
import type { Diagnostic, StepReport } from './report';
import { type Properties, shown } from './values';

const symbols: Record<Op, string> = { same: '  ', create: '+ ', update: '~ ', replace: '+-', delete: '- ' };
const verbs: Record<Op, string> = {
  same: 'unchanged',
  create: 'to create',
  update: 'to update',
  replace: 'to replace',
  delete: 'to delete',
};

export const isDefaultProvider = (step: Pick<StepReport, 'type' | 'name'>) =>
  step.type.startsWith('pulumi:providers:') && step.name.startsWith('default');

const compact = (value: unknown) => {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : inspect(value, { breakLength: Infinity, depth: 4 });
  return text.length > 100 ? `${text.slice(0, 97)}…` : text;
};

const changeLine = ({ path, kind, before, after }: Change): string => {
  if (kind === 'add') return `+ ${path}: ${compact(after)}`;
  if (kind === 'remove') return `- ${path}: ${compact(before)}`;
  return `~ ${path}: ${compact(before)} => ${compact(after)}`;
};

const shortType = (type: string) => type.replace(/^(kubernetes|random):/, '$1:');

/** The resources that change, under their parents, each with what changes. Order: parents first, then type and name. */
export const tree = (steps: StepReport[]): string[] => {
  const visible = steps.filter((step) => !isDefaultProvider(step));
  const known = new Set(visible.map((step) => step.urn));
  const children = new Map<string, StepReport[]>();
  for (const step of visible) {
    const parent = step.parent && known.has(step.parent) ? step.parent : '';
    children.set(parent, [...(children.get(parent) ?? []), step]);
  }
  const key = (step: StepReport) => `${step.type} ${step.name} ${step.op}`;
  const lines: [string, StepReport][] = [];
  const walk = (step: StepReport, indent: string, last: boolean | undefined): boolean => {
    const at = lines.length;
    const branch = last === undefined ? '' : last ? '└─ ' : '├─ ';
    lines.push([`${indent}${branch}${shortType(step.type)}  ${step.name}`, step]);
    const inner = last === undefined ? indent : `${indent}${last ? '   ' : '│  '}`;
    const own = step.op !== 'same' || !!step.error;
    const below = (children.get(step.urn) ?? []).filter((child) => relevant(child));
    below.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    for (const child of below) walk(child, inner, child === below.at(-1));
    if (!own && !below.length) lines.length = at;
    return lines.length > at;
  };
  const cache = new Map<StepReport, boolean>();
  const relevant = (step: StepReport): boolean => {
    const before = cache.get(step);
    if (before !== undefined) return before;
    const result = step.op !== 'same' || !!step.error || (children.get(step.urn) ?? []).some(relevant);
    cache.set(step, result);
    return result;
  };
  for (const step of children.get('') ?? []) walk(step, '', undefined);
  const width = Math.max(0, ...lines.map(([text]) => text.length));
  return lines.flatMap(([text, step]) => [
    ` ${symbols[step.op]} ${step.op === 'same' && !step.error ? text : `${text.padEnd(width)}  ${step.error ? 'failed' : step.op}`}`,
    ...(step.op === 'update' || step.op === 'replace'
      ? step.changes.slice(0, 40).map((change) => `        ${changeLine(change)}`)
      : []),
    ...(step.changes.length > 40 ? [`        … and ${step.changes.length - 40} more`] : []),
  ]);
};

export const counts = (steps: StepReport[]): Record<Op, number> => {
  const result: Record<Op, number> = { same: 0, create: 0, update: 0, replace: 0, delete: 0 };
  for (const step of steps) if (!isDefaultProvider(step)) result[step.op]++;
  return result;
};

/** `3 to create, 1 to delete, 40 unchanged`; in the past tense once it is done. */
export const summary = (steps: StepReport[], done: boolean): string => {
  const found = counts(steps);
  const parts = (Object.keys(found) as Op[])
    .filter((op) => found[op] && op !== 'same')
    .map((op) => `${found[op]} ${done ? `${op}d` : verbs[op]}`);
  return [...parts, ...(found.same ? [`${found.same} unchanged`] : [])].join(', ') || 'nothing';
};

const nameOf = (urn?: string) => urn?.split('::').slice(2).join(' ').replace(/^.*\$/, '') ?? '';

export const policyLines = (violations: Violation[]): string[] => {
  const broken = violations.filter((one) => !one.notChecked);
  const open = violations.filter((one) => one.notChecked);
  const order = (level: string) => (level === 'mandatory' ? 0 : 1);
  return [
    ...(broken.length ? ['', 'Policy violations:'] : []),
    ...[...broken]
      .sort((a, b) => order(a.level) - order(b.level))
      .map((one) => {
        const message = one.message.split('\n').join('\n      ');
        return `  [${one.level}] ${one.pack}@${one.packVersion} ${one.policy} (${nameOf(one.urn)})\n      ${message}`;
      }),
    ...(open.length
      ? ['', `Not checked yet, because values are unknown before up: ${open.length} (checked again then)`]
      : []),
    ...[...new Set(open.map((one) => `  ${one.policy} (${nameOf(one.urn)})`))],
  ];
};

export const diagnosticLines = (diagnostics: Diagnostic[]): string[] => [
  ...(diagnostics.length ? ['', 'Diagnostics:'] : []),
  ...[
    ...new Set(
      diagnostics.map(({ severity, message, urn }) => {
        const where = urn ? `${nameOf(urn)}: ` : '';
        return `  ${severity}: ${where}${message.trim().split('\n').join('\n      ')}`;
      }),
    ),
  ],
];

export const outputLines = (outputs: Properties | undefined): string[] => {
  const entries = Object.entries(shown(outputs ?? {}) as Properties);
  return entries.length
    ? [
        '',
        'Outputs:',
        ...entries.map(([key, value]) => `    ${key}: ${typeof value === 'string' ? value : compact(value)}`),
      ]
    : [];
};

/** One line as a step ends, while changes are made. */
export const stepLine = (step: StepReport): string => {
  const state = step.error ? 'failed' : step.op === 'same' ? 'same' : `${step.op}d`;
  return ` ${symbols[step.op]} ${shortType(step.type)} ${step.name} ${state} (${step.seconds.toFixed(1)} s)`;
};
