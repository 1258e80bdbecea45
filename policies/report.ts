// The checklist with its evidence, for people and for auditors: as data, and as Markdown. `docs/checklist.md` is the report
// without a stack; a test keeps the two the same.
import { type ChecklistItem, checklist, type Evidence } from './checklist';
import { type Controls, controlNumbers, controlsOf } from './controls';
import { rules } from './rules';
import type { WaiverInForce } from './settings';

/** What a preview said about one resource; an engine's finding has these and more. */
export interface Verdict {
  policy: string;
  level: string;
  message: string;
  urn: string;
  notChecked: boolean;
}

/** One preview of a stack under the pack. */
export interface Judgement {
  stack: string;
  /** resources that were judged */
  resources: number;
  verdicts: Verdict[];
  waivers: WaiverInForce[];
  /** when, ISO 8601 */
  at: string;
}

export interface ItemReport {
  id: string;
  title: string;
  controls: Controls | undefined;
  /** `complete`: something enforces or proves it and nothing is planned; `partial`: a plan is left; `planned`: nothing yet */
  state: 'complete' | 'partial' | 'planned';
  rules: string[];
  evidence: Evidence[];
  /** counts of the judgement, where there is one */
  judged?: { violations: number; waived: number; notChecked: number };
}

export interface Report {
  items: ItemReport[];
  complete: number;
  judgement?: Judgement;
}

const isWaived = (verdict: Verdict) => /\] waived until /.test(verdict.message);

export function reportOf(judgement?: Judgement): Report {
  const items = checklist.map((item) => itemReport(item, judgement));
  const complete = items.filter((item) => item.state === 'complete').length;
  return { items, complete, ...(judgement && { judgement }) };
}

function itemReport(item: ChecklistItem, judgement: Judgement | undefined): ItemReport {
  const names = rules.filter((rule) => rule.item === item.id).map((rule) => rule.name);
  const open = item.evidence.filter((one) => one.by === 'planned').length;
  const state = open === 0 ? 'complete' : open < item.evidence.length ? 'partial' : 'planned';
  const report: ItemReport = {
    ...{ id: item.id, title: item.title, controls: controlsOf[item.id], state },
    ...{ rules: names, evidence: item.evidence },
  };
  if (!judgement) return report;
  const found = judgement.verdicts.filter((one) => names.includes(one.policy));
  const waived = found.filter(isWaived).length;
  const notChecked = found.filter((one) => one.notChecked).length;
  return { ...report, judged: { violations: found.length - waived - notChecked, waived, notChecked } };
}

export function markdown({ items, complete, judgement }: Report): string {
  const enforced = items.filter((item) => item.rules.length > 0).length;
  return `# Security checklist (R12)

Made from \`policies/checklist.ts\` by \`platform policy report\`; do not edit by hand. ${complete} of ${items.length} items are
complete: something enforces or proves them and nothing is left planned. ${enforced} have policy rules (${rules.length} rules in all).
R12 speaks of 25 items and names 24; \`infrastructure/workload-hardening\` is the one added here.

${areas(items)}${judgement ? verdicts(items, judgement) : ''}`;
}

function areas(items: ItemReport[]): string {
  const names = [...new Set(items.map(areaOf))];
  return names
    .map(
      (area) =>
        `## ${area}\n\n${items
          .filter((one) => areaOf(one) === area)
          .map(section)
          .join('\n')}`,
    )
    .join('\n');
}

const areaOf = ({ id }: ItemReport): string => {
  const area = id.split('/')[0] ?? '';
  return area.charAt(0).toUpperCase() + area.slice(1);
};

function section(item: ItemReport): string {
  const lines = item.evidence.map((one) => `- ${evidenceLine(one, item)}`);
  return `### ${item.title}: ${item.state}\n\n\`${item.id}\`, ${controlNumbers(item.id)}\n\n${lines.join('\n')}\n`;
}

function evidenceLine(one: Evidence, item: ItemReport): string {
  switch (one.by) {
    case 'rules':
      return `rules: ${one.covers} (${item.rules.map((name) => `\`${name}\``).join(', ')})`;
    case 'planned':
      return `planned (issue ${one.issue}): ${one.covers}`;
    case 'test':
      return `test: ${one.covers} (\`${one.file}\`, "${one.title}")`;
    default:
      return `document: ${one.covers} (\`${one.file}\`)`;
  }
}

function verdicts(items: ItemReport[], judgement: Judgement): string {
  const { stack, resources, at, waivers } = judgement;
  const counts = items
    .filter((item) => item.rules.length > 0)
    .map((item) => {
      const { violations = 0, waived = 0, notChecked = 0 } = item.judged ?? {};
      return `| \`${item.id}\` | ${violations} | ${waived} | ${notChecked} |`;
    });
  const broken = judgement.verdicts.filter((one) => !one.notChecked);
  return `
## Verdicts on ${stack}

A preview of ${stack} on ${at}: ${resources} resources, each judged by every rule. "Not checked" are values that are unknown
before \`up\`; they are judged again then.

| item | violations | waived | not checked |
| --- | --- | --- | --- |
${counts.join('\n')}

${broken.length ? broken.map((one) => `- [${one.level}] ${one.message}`).join('\n') : 'No violation.'}

### Waivers

${waivers.length ? waivers.map(waiverLine).join('\n') : 'None.'}
`;
}

function waiverLine({ rule, resource, owner, ticket, expires, reason, note }: WaiverInForce): string {
  const why = reason ? `: ${reason}` : '';
  return `- \`${rule}\` for ${resource}, until ${expires}, ${owner}, ${ticket}${why}${note ? ` (does not count: it ${note})` : ''}`;
}
