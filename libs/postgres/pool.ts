import pg from 'pg';
import { instruments, type Logger } from '../telemetry';

export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;
/** What both a pool and a client in a transaction can do. */
export interface Queryable {
  query: pg.Pool['query'];
}

const BIGINT = 20;
type Parser = (value: string) => unknown;

/** bigint columns become numbers: ours (positions, minor units, counts) stay far below 2^53. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): Parser {
    if (oid === BIGINT && format !== 'binary') return Number;
    return pg.types.getTypeParser(oid, format as 'text') as Parser;
  },
};

export interface PoolOptions {
  url: string;
  /** Connections at most; 10 unless told. */
  max?: number;
  /** Shows up in pg_stat_activity. */
  applicationName?: string;
  /** A statement that takes longer is cancelled; 10 s unless told. */
  statementTimeoutMs?: number;
  logger?: Logger;
  /** Label `pool` of db_connections_active, where a process has more than one; 'database' unless told. */
  name?: string;
}

/** A pool whose statements are timed. Opens nothing until it is used; `await pool.end()` closes it. */
export function createPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max ?? 10,
    application_name: options.applicationName,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    // What is asked without waiting is sent without waiting; see `together`.
    pipeline: true,
    types: types as unknown as pg.CustomTypesConfig,
    Client: TimedClient,
  } as pg.PoolConfig);
  // Without a listener an idle connection that breaks (server restart) would end the process.
  pool.on('error', (error) => options.logger?.warn({ err: error }, 'an idle database connection broke'));
  const gauge = instruments().dbConnectionsActive;
  const labels = { pool: options.name ?? 'database' };
  const observe = (result: { observe: (value: number, labels: Record<string, string>) => void }) =>
    result.observe(pool.totalCount - pool.idleCount, labels);
  gauge.addCallback(observe);
  const end = pool.end.bind(pool) as () => Promise<void>;
  pool.end = (async () => {
    gauge.removeCallback(observe);
    await end();
  }) as typeof pool.end;
  return pool;
}

const operations = new Map<string, { operation: string }>();

function operationOf(statement: unknown): { operation: string } {
  const text = typeof statement === 'string' ? statement : ((statement as { text?: string })?.text ?? '');
  const word = /^\s*(\w{1,12})/.exec(text)?.[1]?.toLowerCase() ?? 'other';
  let attributes = operations.get(word);
  if (!attributes) {
    attributes = { operation: word };
    if (operations.size < 50) operations.set(word, attributes);
  }
  return attributes;
}

class TimedClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: the driver's query has a dozen overloads, all passed through unchanged
  override query(...args: any[]): any {
    const started = performance.now();
    const attributes = operationOf(args[0]);
    const done = () => instruments().dbQueryDuration.record((performance.now() - started) / 1000, attributes);
    const last = args.length - 1;
    if (typeof args[last] === 'function') {
      const callback = args[last];
      args[last] = (...results: unknown[]) => {
        done();
        callback(...results);
      };
      // biome-ignore lint/suspicious/noExplicitAny: see above
      return (super.query as any)(...args);
    }
    // biome-ignore lint/suspicious/noExplicitAny: see above
    const result = (super.query as any)(...args);
    if (typeof result?.then === 'function') result.then(done, done);
    return result;
  }
}
