import { LocalError } from '@platform/local/errors';

export interface Skeleton {
  id: string;
  /** The file with it. */
  text: string;
}

const start = '\nexport const migrations: Migrations = {\n';
const end = '\n};\n';

/**
 * A service's storage/migrations.ts with one more entry, which fails until it is written.
 * @throws LocalError when the file does not look as expected; nothing is guessed.
 */
export const withMigration = (
  source: string,
  name: string,
  { contract = false }: { contract?: boolean } = {},
): Skeleton => {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new LocalError(`'${name}' is no name of a migration`, {
      hint: 'Small letters, digits and hyphens, without a number: orders-by-customer.',
    });
  }
  const from = source.indexOf(start);
  const to = from < 0 ? -1 : source.indexOf(end, from);
  const entries = to < 0 ? '' : source.slice(from + start.length, to);
  const numbers = [...entries.matchAll(/^ {2}'(\d{4})-[a-z0-9-]+':/gm)].map(([, number]) => Number(number));
  if (numbers.length === 0 || !/^import .*\bsql\b.* from 'kysely';$/m.test(source)) {
    throw new LocalError('The file does not look like other services’ migrations, and was left as it is', {
      hint: "It needs `export const migrations: Migrations = {`, entries '0001-name', a closing `};` at the margin, and sql of kysely.",
    });
  }
  const id = `${String(Math.max(...numbers) + 1).padStart(4, '0')}-${name}`;
  return { id, text: `${source.slice(0, to)}\n${entryOf(id, contract)}${source.slice(to)}` };
};

/** `…` is no SQL: what was forgotten fails, and does not count as applied. */
const entryOf = (id: string, contract: boolean): string =>
  contract
    ? `  '${id}': {
    // Applied by \`platform migrate SERVICE up --contract\`, when no version serves any more that uses what goes. Nothing that
    // expands comes behind it in the same release.
    phase: 'contract',
    async up(db) {
      await sql\`alter table … drop column …\`.execute(db);
    },
    async down(db) {
      await sql\`alter table … add column …\`.execute(db);
    },
  },`
    : `  '${id}': {
    // Expands: the version before serves on. What drops, renames, narrows or demands is phase: 'contract', in a later release; an
    // index on a table that is there already is concurrentIndex('name', 'on table (column)').
    async up(db) {
      await sql\`alter table … add column …\`.execute(db);
    },
    async down(db) {
      await sql\`alter table … drop column …\`.execute(db);
    },
  },`;
