import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checklist } from './checklist';
import { report } from './report';

const root = join(__dirname, '../..');

describe('the performance checklist', () => {
  it('holds 20 items, five of each area, none without evidence', () => {
    const areas = checklist.map(({ id }) => id.split('/')[0]);
    expect(new Set(checklist.map(({ id }) => id)).size).toBe(20);
    for (const area of ['database', 'caching', 'application', 'infrastructure'])
      expect([area, areas.filter((one) => one === area).length]).toEqual([area, 5]);
    for (const { id, evidence } of checklist)
      expect([id, evidence.some(({ by }) => by !== 'open')]).toEqual([id, true]);
  });

  it('names only what is there: files, titles of tests, rows of the benchmark', () => {
    for (const one of checklist.flatMap(({ evidence }) => evidence)) {
      if (one.by === 'open') continue;
      const file = join(root, one.file);
      expect([one.file, existsSync(file)]).toEqual([one.file, true]);
      const text = one.by === 'configured' ? one.text : one.by === 'tested' ? one.title : one.row;
      expect(readFileSync(file, 'utf8')).toContain(text);
    }
  });

  it('is what docs/performance.md says', () => {
    // Formatters of Markdown put blank lines and escapes where they like.
    const words = (text: string) => text.replace(/\s+/g, ' ').trim();
    expect(words(readFileSync(join(root, 'docs/performance.md'), 'utf8'))).toBe(words(report()));
  });
});
