import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checklist } from './checklist';
import { controlsOf } from './controls';
import { markdown, reportOf } from './report';
import { rules } from './rules';

const root = join(__dirname, '..');

describe('the security checklist', () => {
  it('holds 25 items with unique ids, five areas and no item without evidence or a plan', () => {
    expect(checklist).toHaveLength(25);
    expect(new Set(checklist.map((item) => item.id)).size).toBe(25);
    expect([...new Set(checklist.map((item) => item.id.split('/')[0]))]).toEqual([
      'authentication',
      'authorisation',
      'data',
      'infrastructure',
      'compliance',
    ]);
    expect(checklist.filter((item) => item.evidence.length === 0)).toEqual([]);
    expect(checklist.flatMap((item) => item.evidence).filter((one) => one.covers.length < 10)).toEqual([]);
  });

  it('has control numbers for every item, and for no other', () => {
    expect(Object.keys(controlsOf).sort()).toEqual(checklist.map((item) => item.id).sort());
    for (const frameworks of Object.values(controlsOf)) {
      for (const number of frameworks['PCI DSS 4.0.1']) expect(number).toMatch(/^\d{1,2}(\.\d{1,2}){2,3}$/);
      for (const article of frameworks.GDPR) expect(article).toMatch(/^\d{1,2}(\(\d\))?(\([a-z]\))?$/);
      for (const criterion of frameworks['SOC 2']) expect(criterion).toMatch(/^(CC|A|C|P)\d\.\d$/);
    }
  });

  it('says "rules" exactly where a rule names the item', () => {
    const byRules = checklist
      .filter((item) => item.evidence.some((one) => one.by === 'rules'))
      .map((item) => item.id);
    expect(byRules.sort()).toEqual([...new Set(rules.map((rule) => rule.item))].sort());
  });

  it('names only tests and documents that exist, and tests by a title they have', () => {
    for (const evidence of checklist.flatMap((item) => item.evidence)) {
      if (evidence.by !== 'test' && evidence.by !== 'document') continue;
      const file = join(root, evidence.file);
      expect([evidence.file, existsSync(file)]).toEqual([evidence.file, true]);
      if (evidence.by === 'test') expect(readFileSync(file, 'utf8')).toContain(evidence.title);
    }
  });

  it('is what docs/checklist.md says', () => {
    // Formatters line the columns of a table up.
    const words = (text: string) =>
      text
        .replace(/-{3,}/g, '---')
        .replace(/[ \t]+/g, ' ')
        .trim();
    const document = readFileSync(join(root, 'docs/checklist.md'), 'utf8');
    expect(words(document)).toBe(words(markdown(reportOf())));
  });
});
