// Prints docs/performance.md: node --require tsx/cjs tests/performance/report.ts > docs/performance.md
import { type ChecklistItem, checklist, type Evidence } from './checklist';

const isOpen = ({ evidence }: ChecklistItem) => evidence.some(({ by }) => by === 'open');

function line(one: Evidence): string {
  switch (one.by) {
    case 'configured':
      return `configured: ${one.covers} (\`${one.file}\`)`;
    case 'tested':
      return `tested: ${one.covers} (\`${one.file}\`, "${one.title}")`;
    case 'measured':
      return `measured: ${one.covers} (\`${one.file}\`, "${one.row}")`;
    default:
      return `**open**${one.issue ? ` (issue ${one.issue})` : ''}: ${one.covers}`;
  }
}

const areas = () => [...new Set(checklist.map(({ id }) => id.split('/')[0] ?? ''))];

const section = (item: ChecklistItem): string =>
  `### ${item.title}${isOpen(item) ? ': something is open' : ''}\n\n\`${item.id}\`\n\n${item.evidence.map((one) => `- ${line(one)}`).join('\n')}\n`;

export const report = (): string => `# Performance checklist (R13)

Made from \`tests/performance/checklist.ts\`; do not edit by hand. ${checklist.filter((item) => !isOpen(item)).length} of ${checklist.length} items are done:
each configured, tested or measured. Of the others something is there and something is open, and it says what. Figures: \`npm run bench\`.

${areas()
  .map(
    (area) =>
      `## ${area.charAt(0).toUpperCase()}${area.slice(1)}\n\n${checklist
        .filter(({ id }) => id.startsWith(`${area}/`))
        .map(section)
        .join('\n')}`,
  )
  .join('\n')}`;

if (require.main === module) process.stdout.write(report());
