// What a migration may do while the version before still serves (docs/adr/0024-migrations.md), read off the SQL it sends.
import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import type { Migration, Migrations } from '../../libs/postgres';

/** Keeps the statements and answers nothing but the time. */
class Recorder extends DummyDriver {
  readonly statements: string[] = [];
  override async acquireConnection(): Promise<DatabaseConnection> {
    return {
      executeQuery: async <R>({ sql }: CompiledQuery) => {
        this.statements.push(sql);
        return { rows: (sql === 'select now()' ? [{ now: new Date(0) }] : []) as R[] };
      },
      // biome-ignore lint/correctness/useYield: nothing streams
      async *streamQuery() {
        throw new Error('a migration streams nothing');
      },
    };
  }
}

/** In lower case, without what is only text: literals, bodies of functions, comments, quotes around names. */
const plain = (statement: string): string =>
  statement
    .replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
    .replace(/'(?:[^']|'')*'/g, "''")
    .replace(/--.*$/gm, '')
    .replace(/"/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();

export const statementsOf = async (run: Migration['up']): Promise<string[]> => {
  const recorder = new Recorder();
  const db = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => recorder,
      createIntrospector: (one) => new PostgresIntrospector(one),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  await run(db);
  return recorder.statements.map(plain);
};

const contracting: [RegExp, string][] = [
  [/^drop |\bdrop (column|constraint|default|not null|expression)\b|^alter .* drop /, 'takes away'],
  [/^alter .*\brename\b/, 'renames'],
  [/^alter table .*\balter (column )?\S+ (set data )?type\b/, 'changes a type'],
  [/\bset not null\b/, 'demands a value'],
  [
    // Up to the next action of the same statement: what stands in brackets has commas of its own.
    /\badd (column )?(if not exists )?\S+ (?!(\([^()]*\)|[^,(])*\b(default|generated)\b)(\([^()]*\)|[^,(])*\bnot null\b/,
    'demands a value',
  ],
  [/^truncate /, 'takes away'],
];
const makesIndex = /^create (?:unique )?index (concurrently )?(if not exists )?.*?\bon (?:only )?([\w.]+)/;

/** What one statement does that needs another kind of migration. */
const problemOf = (statement: string, { phase, concurrent }: Migration, made: Set<string>): string[] => {
  const problems: string[] = [];
  for (const [pattern, what] of contracting) {
    if (pattern.test(statement) && phase !== 'contract')
      problems.push(`${what}, so it is phase: 'contract': ${statement}`);
  }
  const [index, concurrently, ifNotExists, table = ''] = makesIndex.exec(statement) ?? [];
  if (index && !made.has(table) && !concurrently)
    problems.push(`locks a table that others write to: use concurrentIndex: ${statement}`);
  if (index && concurrent && !ifNotExists)
    problems.push(`cannot be run again, as it has no 'if not exists': ${statement}`);
  if (/ concurrently /.test(statement) && !concurrent)
    problems.push(`cannot run in a transaction, so it is concurrent: true: ${statement}`);
  return problems;
};

const number = (id: string): number => Number(/^(\d{4})-[a-z0-9]+(-[a-z0-9]+)*$/.exec(id)?.[1]);

/** @param exempt ids that are not looked into */
export const problemsIn = async (migrations: Migrations, exempt: string[] = []): Promise<string[]> => {
  const problems: string[] = [];
  const ids = Object.keys(migrations);
  for (const [index, id] of ids.entries()) {
    if (exempt.includes(id)) continue;
    const before = index === 0 ? 0 : number(ids[index - 1] as string);
    if (number(id) !== before + 1) problems.push(`${id}: its number is not the one after ${before}`);
    const migration = migrations[id] as Migration;
    const statements = await statementsOf(migration.up);
    if (statements.length === 0) problems.push(`${id}: does nothing`);
    const made = new Set<string>();
    for (const statement of statements) {
      problems.push(...problemOf(statement, migration, made).map((what) => `${id}: ${what}`));
      const [, table] = /^create (?:unlogged )?table (?:if not exists )?([\w.]+)/.exec(statement) ?? [];
      if (table) made.add(table);
    }
    // A way back takes away what was made, which is nobody's any more; it still may not begin what a transaction cannot hold.
    if (!('down' in migration)) continue;
    const back = await statementsOf(migration.down);
    if (back.length === 0) problems.push(`${id}: its way back does nothing: say why it is irreversible`);
    if (!migration.concurrent && back.some((statement) => / concurrently /.test(statement)))
      problems.push(`${id}: its way back cannot run in a transaction`);
  }
  return problems;
};
