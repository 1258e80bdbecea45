// Many previews, one summary: what a reviewer must see first comes first, and what is the same in many places stands once.
import type { Change } from '@platform/local/engine';
import { costOf } from './cost';
import { exposureOf } from './exposure';
import { kindOf, type ResourceChange, type StackPreview } from './model';

/** Text, or a piece of it that is a name or a value. */
export type Part = string | { code: string };

export interface Line {
  stacks: string[];
  /** Kind of the resources, or name of the policy. */
  kind: string;
  names: string[];
  text: Part[];
}

export interface Section {
  id: string;
  title: string;
  lines: Line[];
}

export interface Row {
  stack: string;
  replace: number;
  delete: number;
  create: number;
  update: number;
  unchanged: number;
  rewritten: number;
  policies: string;
}

export interface Summary {
  /** What it is a summary of. */
  subject: 'Preview' | 'Drift';
  /** A revision, where two revisions of the program were compared; undefined for a preview against what is recorded. */
  base?: string;
  rows: Row[];
  sections: Section[];
}

/** In the order in which a reviewer wants them; when space runs out the last ones are cut first. */
const titles = {
  errors: 'Errors',
  replaced: 'Replaced (the old one goes, with what it holds)',
  deleted: 'Deleted',
  exposure: 'Exposure: who can reach what',
  violations: 'Policies violated',
  cost: 'Cost-relevant',
  changed: 'Changed',
  created: 'New',
  ignored: 'Only for what is created later (existing resources leave these fields to others)',
  advice: 'Policy advice',
  notChecked: 'Not checked before up, because values are unknown until then',
  notes: 'Notes',
} as const;

interface Item {
  section: keyof typeof titles;
  stack: string;
  kind: string;
  name: string;
  text: Part[];
}

const shortest = 8;
const longest = 90;

/** A value in one line. Long hexadecimal digits, as in digests, are cut to what tells them apart. */
export const brief = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const line = text
    .replace(/\b([0-9a-f]{8})[0-9a-f]{8,}\b/g, '$1…')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
};

/** Two values so that their difference is in sight even where both are long. */
const pair = (before: unknown, after: unknown): [string, string] => {
  const [left, right] = [brief(before), brief(after)];
  if (left !== right) return [left, right];
  const [whole, other] = [before, after].map((value) =>
    typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
  ) as [string, string];
  let start = 0;
  while (start < whole.length && whole[start] === other[start]) start++;
  const from = Math.max(0, start - shortest);
  return [whole, other].map((text) => `…${text.slice(from, from + longest - 2)}`.replace(/\s+/g, ' ')) as [
    string,
    string,
  ];
};

const describe = ({ path, kind, before, after }: Change): Part[] => {
  const name = { code: path || '(all)' };
  if (kind === 'add') return [name, ' set to ', { code: brief(after) }];
  if (kind === 'remove') return [name, ' removed, was ', { code: brief(before) }];
  if (before === '[secret]' || after === '[secret]') return [name, ' changed (secret)'];
  const [left, right] = pair(before, after);
  return [name, ' ', { code: left }, ' → ', { code: right }];
};

const itemsOf = (stack: string, change: ResourceChange): Item[] => {
  const item = (section: Item['section'], text: Part[] = []): Item => ({
    ...{ section, stack, text },
    kind: kindOf(change.type),
    name: change.name,
  });
  const each = (section: Item['section'], changes: Change[]) =>
    changes.map((one) => item(section, describe(one)));
  const exposure = exposureOf(change);
  const cost = costOf(change);
  const meaning = exposure.meaning ? [item('exposure', [exposure.meaning])] : [];
  const ignored = each('ignored', change.ignored);
  switch (change.op) {
    case 'replace':
      return [...(change.changes.length ? each('replaced', change.changes) : [item('replaced')]), ...ignored];
    case 'delete':
      return [item('deleted'), ...meaning];
    case 'create':
      return [
        ...meaning,
        ...(cost.figures ? [item('cost', ['new: ', { code: cost.figures }])] : []),
        item('created'),
      ];
    default: {
      // Each change stands once: where it matters most.
      const priced = cost.changes.filter((one) => !exposure.changes.includes(one));
      const rest = change.changes.filter((one) => !exposure.changes.includes(one) && !priced.includes(one));
      return [
        ...each('exposure', exposure.changes),
        ...each('cost', priced),
        ...each('changed', rest),
        ...ignored,
      ];
    }
  }
};

const findingsOf = ({ stack, findings }: StackPreview): Item[] =>
  findings.map(({ policy, level, resource, message, notChecked }) => ({
    ...{ stack, kind: policy, name: resource },
    section: notChecked ? 'notChecked' : level === 'mandatory' ? 'violations' : 'advice',
    // The pack begins its messages with the rule's name, which stands in front of the line already.
    text: notChecked ? [] : [message.replace(/\s+/g, ' ').replace(`${policy} `, '')],
  }));

const sayings = (stack: string, section: 'errors' | 'notes', texts: string[]): Item[] =>
  texts.map((text) => ({ section, stack, kind: '', name: '', text: [text.replace(/\s+/g, ' ')] }));

const unique = (values: string[]): string[] => [...new Set(values)].sort();

const grouped = <T>(values: T[], key: (value: T) => string): T[][] => {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return [...groups.values()];
};

const keyOf = (...parts: unknown[]): string => JSON.stringify(parts);

/** The same said of many resources becomes one line, and the same line of many stacks too. */
const fold = (items: Item[]): Line[] => {
  const ofStack = grouped(items, ({ stack, kind, text }) => keyOf(stack, kind, text)).map((same) => ({
    ...(same[0] as Item),
    names: unique(same.map(({ name }) => name)),
  }));
  const lines = grouped(ofStack, ({ kind, names, text }) => keyOf(kind, names, text)).map((same): Line => {
    const { kind, names, text } = same[0] as (typeof ofStack)[number];
    return { stacks: unique(same.map(({ stack }) => stack)), kind, names, text };
  });
  const order = ({ kind, names, text, stacks }: Line) => keyOf(kind, names, text, stacks);
  return lines.sort((a, b) => (order(a) < order(b) ? -1 : 1));
};

const verdictOf = ({ findings, errors }: StackPreview): string => {
  const judged = findings.filter(({ notChecked }) => !notChecked);
  const mandatory = judged.filter(({ level }) => level === 'mandatory').length;
  const advice = judged.length - mandatory;
  const open = findings.length - judged.length;
  if (errors.length) return mandatory ? `${mandatory} violated, not all judged` : 'not all judged';
  return [
    mandatory ? `${mandatory} violated` : 'pass',
    ...(advice ? [`${advice} advice`] : []),
    ...(open ? [`${open} not checked`] : []),
  ].join(', ');
};

const rowOf = (preview: StackPreview): Row => {
  const count = (op: ResourceChange['op']) => preview.resources.filter((one) => one.op === op).length;
  return {
    ...{ stack: preview.stack, unchanged: preview.unchanged, rewritten: preview.rewritten },
    ...{
      replace: count('replace'),
      delete: count('delete'),
      create: count('create'),
      update: count('update'),
    },
    policies: verdictOf(preview),
  };
};

/** One summary over all previews. The order of previews, resources and findings does not change it. */
export const summarise = (
  previews: StackPreview[],
  base?: string,
  subject: Summary['subject'] = 'Preview',
): Summary => {
  const items = previews.flatMap((preview) => [
    ...preview.resources.flatMap((change) => itemsOf(preview.stack, change)),
    ...findingsOf(preview),
    ...sayings(preview.stack, 'errors', preview.errors),
    ...sayings(preview.stack, 'notes', preview.notes),
  ]);
  return {
    subject,
    ...(base === undefined ? {} : { base }),
    rows: previews.map(rowOf).sort((a, b) => (a.stack < b.stack ? -1 : 1)),
    sections: Object.entries(titles)
      .map(([id, title]) => ({ id, title, lines: fold(items.filter(({ section }) => section === id)) }))
      .filter(({ lines }) => lines.length > 0),
  };
};

/** Whether anything would be created, changed or removed. */
export const hasChanges = ({ rows }: Summary): boolean =>
  rows.some((row) => row.create + row.update + row.replace + row.delete > 0);
