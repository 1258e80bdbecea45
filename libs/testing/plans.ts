import { createPool, type Pool } from '../postgres';

/** A table with more rows is large: to look through it for a few of them is a mistake. */
const LARGE = 1000;
/** PostgreSQL plans the first five runs of a named statement for their values, and may settle for one plan afterwards. */
const ROUNDS = 7;

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Rows Removed by Filter'?: number;
  'Actual Loops'?: number;
  Plans?: Plan[];
}

const reads = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(reads)];

const isWasteful = (plan: Plan, large: ReadonlySet<string>): boolean =>
  large.has(plan['Relation Name'] ?? '') &&
  (plan['Node Type'] === 'Seq Scan' ||
    (plan['Rows Removed by Filter'] ?? 0) * (plan['Actual Loops'] ?? 1) > LARGE);

/**
 * Runs `work` a few times on the database at `url`, which a superuser seeded, and looks at how the server went about
 * everything asked through the pool (and by triggers): as it really was, not as it would be explained.
 * @returns a line per read of a whole large table, or of an index that mostly finds what is not wanted; empty is good.
 */
export async function wholeTableReads(
  url: string,
  work: (pool: Pool, round: number) => Promise<unknown>,
): Promise<string[]> {
  const large = await largeTables(url);
  const found = new Set<string>();
  const settings = {
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_timing': 'off',
    'auto_explain.log_nested_statements': 'on',
    'auto_explain.log_format': 'json',
    'auto_explain.log_level': 'notice',
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const watched = new URL(url);
  watched.searchParams.set('options', options.join(' '));
  // One connection, which remembers how often it was asked what.
  const pool = createPool({ url: watched.href, max: 1 });
  pool.on('connect', (client) => {
    client.on('notice', ({ message = '' }) => {
      const [, json] = message.split('plan:\n');
      if (json === undefined) return;
      const { 'Query Text': query, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: Plan };
      for (const node of reads(plan).filter((one) => isWasteful(one, large))) {
        found.add(`${node['Node Type']} of ${node['Relation Name']}: ${query.replace(/\s+/g, ' ').trim()}`);
      }
    });
  });
  try {
    for (let round = 0; round < ROUNDS; round++) await work(pool, round);
  } finally {
    await pool.end();
  }
  return [...found];
}

/** Counts the rows of every table, for us and for the planner. */
async function largeTables(url: string): Promise<Set<string>> {
  const pool = createPool({ url });
  try {
    await pool.query('analyze');
    const { rows } = await pool.query<{ relname: string }>(
      "select relname from pg_class where relkind = 'r' and reltuples > $1",
      [LARGE],
    );
    return new Set(rows.map(({ relname }) => relname));
  } finally {
    await pool.end();
  }
}
