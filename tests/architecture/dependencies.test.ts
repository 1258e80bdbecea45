import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');
const folders = ['infra', 'policies', 'libs', 'services', 'local', 'cli', 'tests'];

interface Violation {
  from: string;
  to: string;
  rule: { name: string };
}

/** Runs the checker over a tree with our rules. */
async function violationsIn(directory: string, paths: string[]): Promise<Violation[]> {
  const checker = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [
    checker,
    '--config',
    join(root, '.dependency-cruiser.cjs'),
    '--output-type',
    'json',
    ...paths,
  ];
  // The checker's exit code is the number of violations; its report says the same and more.
  const report = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, args, { cwd: directory, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      stdout.startsWith('{') ? resolve(stdout) : reject(new Error(stderr, { cause: error })),
    ),
  );
  return JSON.parse(report).summary.violations;
}

describe('dependencies', () => {
  it('point the way the design says, in the whole tree', async () => {
    const found = await violationsIn(root, folders);
    expect(found.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([]);
  }, 120_000);

  describe('pointing the wrong way', () => {
    // Each planted import, and the rule that must refuse it.
    const planted: [string, string, string][] = [
      ['services-stand-alone', 'services/order/http/a.ts', 'services/user/domain/b.ts'],
      ['services-know-no-platform', 'services/order/main.ts', 'local/errors.ts'],
      ['domain-is-pure', 'services/order/domain/c.ts', 'libs/http/d.ts'],
      ['domain-is-pure', 'services/order/domain/e.ts', 'services/order/application/f.ts'],
      ['application-knows-no-adapter', 'services/order/application/g.ts', 'services/order/storage/h.ts'],
      ['adapters-know-no-wiring', 'services/order/gateways/i.ts', 'services/order/app.ts'],
      ['libs-know-no-user', 'libs/http/j.ts', 'services/order/domain/k.ts'],
      ['policies-import-nothing', 'policies/rules/l.ts', 'infra/names.ts'],
      ['components-know-no-catalogue', 'infra/components/m.ts', 'infra/catalog/n.ts'],
      ['infra-knows-no-code', 'infra/stacks/o.ts', 'local/engine/p.ts'],
      ['local-knows-no-platform', 'local/engine/q.ts', 'infra/index.ts'],
      ['nobody-imports-the-cli', 'local/cluster/r.ts', 'cli/s.ts'],
      ['no-test-code-in-production', 'libs/http/t.ts', 'libs/http/u.fixtures.ts'],
      ['no-unresolvable', 'libs/http/v.ts', ''],
    ];
    const allowed: [string, string][] = [
      ['services/order/main.ts', 'services/order/http/w.ts'],
      ['services/order/http/w.ts', 'services/order/application/x.ts'],
      ['services/order/application/x.ts', 'services/order/domain/y.ts'],
      ['services/order/http/w.ts', 'libs/http/z.ts'],
      ['libs/http/z.test.ts', 'libs/http/z.fixtures.ts'],
    ];
    let directory: string;
    let found: Violation[];

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'architecture-'));
      const imports = new Map<string, string[]>();
      const add = (from: string, to: string) => imports.set(from, [...(imports.get(from) ?? []), to]);
      for (const [, from, to] of planted) add(from, to);
      for (const [from, to] of allowed) add(from, to);
      add('libs/ring/one.ts', 'libs/ring/two.ts');
      add('libs/ring/two.ts', 'libs/ring/one.ts');
      for (const target of [...imports.values()].flat())
        if (target && !imports.has(target)) imports.set(target, []);
      for (const [file, targets] of imports) {
        const up = '../'.repeat(file.split('/').length - 1);
        const lines = targets.map((to, index) => {
          const from = to ? `${up}${to.replace(/\.ts$/, '')}` : './nowhere';
          return `import { value as v${index} } from '${from}';\nconsole.log(v${index});`;
        });
        mkdirSync(dirname(join(directory, file)), { recursive: true });
        writeFileSync(join(directory, file), `${lines.join('\n')}\nexport const value = 1;\n`);
      }
      found = await violationsIn(directory, ['infra', 'policies', 'libs', 'services', 'local', 'cli']);
    }, 120_000);

    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    it.each(planted)('are refused by %s: %s → %s', (rule, from, to) => {
      expect(found).toContainEqual(
        expect.objectContaining({ from, rule: expect.objectContaining({ name: rule }), ...(to && { to }) }),
      );
    });

    it('are refused by no-cycles when they come back', () => {
      expect(found.filter((one) => one.rule.name === 'no-cycles').map((one) => one.from)).toContain(
        'libs/ring/one.ts',
      );
    });

    it('are not mistaken for those that point inwards', () => {
      for (const [from, to] of allowed) {
        expect(found.filter((one) => one.from === from && one.to === to)).toEqual([]);
      }
    });

    it('are covered by a planted import for every rule there is', () => {
      const names = require('../../.dependency-cruiser.cjs').forbidden.map(
        (rule: { name: string }) => rule.name,
      );
      expect(new Set([...planted.map(([rule]) => rule), 'no-cycles'])).toEqual(new Set(names));
    });
  });
});
