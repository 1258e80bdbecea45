import { hasChanges, type Line, type Part, type Row, type Section, type Summary } from './summary';

export const formats = ['markdown', 'text', 'json'] as const;
export type Format = (typeof formats)[number];

/** Finds the comment again that is to be updated. */
export const marker = '<!-- ecommerce-platform: preview -->';

/** GitHub takes comments of 65,536 characters. */
export const limit = 64_000;
const longestText = 400;
const longestCode = 120;
const mostNames = 12;
/** More than the note about what was cut takes. */
const noteRoom = 160;

interface Dialect {
  title(text: string): string[];
  table(rows: Row[]): string[];
  section(section: Section, lines: string[]): string[];
  code(text: string): string;
  plain(text: string): string;
}

const columns: [string, (row: Row) => string | number][] = [
  ['environment', (row) => row.stack],
  ['replace', (row) => row.replace],
  ['delete', (row) => row.delete],
  ['create', (row) => row.create],
  ['update', (row) => row.update],
  ['unchanged', (row) => row.unchanged + (row.rewritten ? ` (+${row.rewritten} written differently)` : '')],
  ['policies', (row) => row.policies],
];

/** Folded away: of these a reviewer wants to know that they are there. */
const asides = new Set(['created', 'ignored', 'advice', 'notChecked']);

const markdown: Dialect = {
  title: (text) => [marker, `## ${text}`, ''],
  table: (rows) => [
    `| ${columns.map(([name]) => name).join(' | ')} |`,
    `| ${columns.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${columns.map(([, cell]) => markdown.plain(String(cell(row)))).join(' | ')} |`),
  ],
  section: ({ id, title, lines: all }, lines) =>
    asides.has(id)
      ? ['', `<details><summary>${title} (${all.length})</summary>`, '', ...lines, '', '</details>']
      : ['', `### ${title}`, '', ...lines],
  // A code span cannot hold the mark that ends it, and a line break or a pipe would end more than the span.
  code: (text) => `\`${text.replace(/[`´]/g, "'").replace(/\s+/g, ' ').replace(/\|/g, '¦') || ' '}\``,
  // Neither mark-up nor a mention comes out of a text somebody else wrote.
  plain: (text) => text.replace(/[\\`*_[\]<>|#~]/g, '\\$&').replace(/@/g, '@\u200b'),
};

const text: Dialect = {
  title: (title) => [title, ''],
  table: (rows) => {
    const cells = [
      columns.map(([name]) => name),
      ...rows.map((row) => columns.map(([, cell]) => String(cell(row)))),
    ];
    const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
    return cells.map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  },
  section: ({ title }, lines) => ['', `${title}:`, ...lines],
  code: (value) => value,
  plain: (value) => value,
};

const clip = (value: string, longest: number) =>
  value.length > longest ? `${value.slice(0, longest - 1)}…` : value;

const partsOf = (parts: Part[], dialect: Dialect): string =>
  parts
    .map((part) =>
      typeof part === 'string'
        ? dialect.plain(clip(part, longestText))
        : dialect.code(clip(part.code, longestCode)),
    )
    .join('');

const namesOf = (names: string[], dialect: Dialect): string => {
  const shown = names.slice(0, mostNames).map((name) => dialect.code(clip(name, longestCode)));
  return names.length > mostNames
    ? `${shown.join(', ')} and ${names.length - mostNames} more`
    : shown.join(', ');
};

const lineOf = ({ stacks, kind, names, text: what }: Line, dialect: Dialect, all: number): string => {
  const where = stacks.length === all ? '' : `${stacks.map(dialect.plain).join(', ')} · `;
  const count = names.length > 1 ? ` ×${names.length}` : '';
  const subject = kind && `${dialect.plain(kind)}${count} ${namesOf(names, dialect)}`;
  return `- ${where}${[subject, partsOf(what, dialect)].filter(Boolean).join(': ')}`;
};

const titleOf = (summary: Summary): string => {
  const { rows, base, subject } = summary;
  const moving = rows.filter((row) => row.create + row.update + row.replace + row.delete > 0).length;
  const what = `${subject} of ${rows.length === 1 ? rows[0]?.stack : `${rows.length} environments`}`;
  const against = base === undefined ? '' : ` against ${base}`;
  const verdict = !hasChanges(summary) ? 'no changes' : rows.length === 1 ? 'changes' : `${moving} change`;
  return `${what}${against}: ${verdict}`;
};

const render = (summary: Summary, dialect: Dialect, room: number): string => {
  const { rows, sections } = summary;
  const head = [...dialect.title(titleOf(summary)), ...dialect.table(rows)];
  const everywhere =
    rows.length > 1 ? ['', dialect.plain('A line without an environment holds for all.')] : [];
  const blocks = sections.map((section) => section.lines.map((line) => lineOf(line, dialect, rows.length)));
  const write = (kept: number[]) =>
    [
      ...head,
      ...(sections.length ? everywhere : []),
      ...sections.flatMap((section, index) => {
        const lines = blocks[index] ?? [];
        const missing = lines.length - (kept[index] ?? 0);
        const cut = missing
          ? [
              `- … ${missing} more lines were cut: this text is kept under ${limit} characters. All are in \`--format json\`.`,
            ]
          : [];
        return dialect.section(section, [...lines.slice(0, kept[index]), ...cut]);
      }),
      '',
    ].join('\n');
  // Cut from the end, so that what matters most is the last to go.
  const kept = blocks.map((lines) => lines.length);
  for (let index = blocks.length - 1; index >= 0; index--) {
    const lines = blocks[index] ?? [];
    let excess = write(kept).length - room;
    if (excess <= 0) break;
    excess += noteRoom;
    let left = lines.length;
    while (left > 0 && excess > 0) excess -= (lines[--left]?.length ?? 0) + 1;
    kept[index] = left;
  }
  return write(kept);
};

/** The summary in a format. Markdown and text stay under `limit` characters; JSON holds everything. */
export const format = (summary: Summary, as: Format): string =>
  as === 'json'
    ? `${JSON.stringify(summary, null, 2)}\n`
    : render(summary, as === 'markdown' ? markdown : text, limit - 1);
