// The checklist as a document. `npx tsx policies/report.ts > docs/checklist.md` writes it; a test keeps the two the same.
import { type ChecklistItem, checklist } from './checklist';
import { rules } from './rules';

export function checklistDocument(): string {
  const enforced = checklist.filter((item) => item.evidence.some((one) => one.by === 'rules')).length;
  const proven = checklist.filter((item) => item.evidence.some((one) => one.by !== 'planned')).length;
  return `# Security checklist (R12)

Made from \`policies/checklist.ts\` by \`npx tsx policies/report.ts\`; do not edit by hand. Of ${checklist.length} items ${proven} have
something that enforces or proves them today (${enforced} have policy rules); ${checklist.length - proven} are planned only. An item
with a plan beside its evidence is not finished. R12 speaks of 25 items and names 24; \`infrastructure/workload-hardening\` is
the one added here.

| item | what | evidence |
| --- | --- | --- |
${checklist.map(row).join('\n')}
`;
}

function row(item: ChecklistItem): string {
  const cells = item.evidence.map((one) => {
    switch (one.by) {
      case 'rules': {
        const names = rules.filter((rule) => rule.item === item.id).map((rule) => `\`${rule.name}\``);
        return `rules ${names.join(', ')}: ${one.covers}`;
      }
      case 'planned':
        return `planned (issue ${one.issue}): ${one.covers}`;
      case 'test':
        return `test \`${one.file}\` ("${one.title}"): ${one.covers}`;
      default:
        return `document \`${one.file}\`: ${one.covers}`;
    }
  });
  return `| \`${item.id}\` | ${item.title} | ${cells.join('; ')} |`;
}

if (require.main === module) process.stdout.write(checklistDocument());
