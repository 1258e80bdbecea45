import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withMigration } from './migration-skeleton';
import { projectDir } from './target';

const fileOf = (service: string) => join(projectDir, 'services', service, 'storage/migrations.ts');
const services = readdirSync(join(projectDir, 'services')).filter((name) => existsSync(fileOf(name)));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'migration-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const small = `import type { Migrations } from '@platform/libs/postgres';
import { sql } from 'kysely';

export const other = {
  '0009-nine': 1,
};

export const migrations: Migrations = {
  '0001-one': one,
  '0002-two': {
    async up(db) {
      await sql\`create table two ()\`.execute(db);
    },
    async down() {},
  },
};

export const behind = {
  '0009-nine': 1,
};
`;

describe('a new migration', () => {
  it('comes last, with the next number, and changes nothing else', () => {
    const { id, text } = withMigration(small, 'orders-by-customer');
    expect(id).toBe('0003-orders-by-customer');
    const lines = text.split('\n');
    const added = lines.filter((line) => !small.includes(line));
    expect(added[0]).toBe("  '0003-orders-by-customer': {");
    const at = lines.indexOf("  '0003-orders-by-customer': {");
    expect(lines[at - 1]).toBe('  },');
    const end = lines.indexOf('};', at);
    expect([...lines.slice(0, at), ...lines.slice(end)].join('\n')).toBe(small);
  });

  it('says whether it contracts', () => {
    expect(withMigration(small, 'a').text).not.toMatch(/^ {4}phase:/m);
    expect(withMigration(small, 'a', { contract: true }).text).toMatch(/^ {4}phase: 'contract',$/m);
  });

  it.each(services)(
    'fits the file of %s, which still loads, and fails as long as it is not written',
    async (name) => {
      const { id, text } = withMigration(readFileSync(fileOf(name), 'utf8'), 'not-written-yet', {
        contract: name === 'order',
      });
      const file = join(directory, `${name}.ts`);
      // What the copy imports from beside it stands elsewhere.
      const beside = (path: string) => JSON.stringify(join(projectDir, 'services', name, 'storage', path));
      writeFileSync(
        file,
        text.replace(/'(\.[^']*)'/g, (_whole, path) => beside(path)),
      );
      const { transformSync } = require('@swc/core');
      const { code } = transformSync(readFileSync(file, 'utf8'), {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
      });
      const loaded = { exports: {} as { migrations: Record<string, { up: unknown }> } };
      new Function('module', 'exports', 'require', code)(loaded, loaded.exports, require);
      expect(Object.keys(loaded.exports.migrations).at(-1)).toBe(id);
      expect(text).toContain('`alter table … ');
    },
  );

  it.each(['Orders', '0003-orders', 'orders_by', 'a b', '-a', "a'"])(
    'is refused under the name %s',
    (name) => {
      expect(() => withMigration(small, name)).toThrow('is no name of a migration');
    },
  );

  it.each([
    ['no list', small.replace('export const migrations', 'const migrations')],
    ['another type', small.replace(': Migrations =', ' =')],
    ['no entry with a number', small.replace('0001-one', 'one').replace('0002-two', 'two')],
    ['no sql', small.replace("import { sql } from 'kysely';", '')],
    ['no end', small.slice(0, small.indexOf('\n};\n\nexport const behind'))],
  ])('is refused where the file has %s', (_what, source) => {
    expect(() => withMigration(source, 'a')).toThrow('was left as it is');
  });
});
