import { type Pool, type PoolClient, type Queryable, withTransaction } from '@platform/libs/postgres';
import {
  type Generation,
  type Hit,
  IndexUnavailable,
  type NextGeneration,
  newestOf,
  type SearchChange,
  type SearchIndex,
} from '../application/search-index';
import { endRebuild, lockRebuild } from './rebuild-lock';
import { searchStatement } from './search-statement';

export interface PostgresIndexDeps {
  pool: Pool;
  /** For searches; may be a moment behind. `pool` unless told. */
  reads?: Queryable;
  /** How long an instance remembers which generation is the live one; a second unless told. */
  pointerMs?: number;
  /** How long a generation that was replaced stays, so that hardly anybody meets its end. 2 s unless told. */
  graceMs?: number;
}

const tableOf = (id: number) => `product_search_${id}`;
const isUndefinedTable = (error: unknown) => (error as { code?: unknown } | undefined)?.code === '42P01';

/**
 * The search index in PostgreSQL: a table a generation, and a row that says which is searched. That row is remembered for a
 * moment, and read again at once when its table is gone.
 */
export function createPostgresIndex(deps: PostgresIndexDeps): SearchIndex {
  const { pool, reads = deps.pool, pointerMs = 1000 } = deps;
  let pointer: { id: number | undefined; until: number } = { id: undefined, until: 0 };
  const remember = (id: number | undefined) => {
    pointer = { id, until: performance.now() + pointerMs };
    return id;
  };
  const current = async (anew: boolean) => {
    if (!anew && performance.now() < pointer.until) return pointer.id;
    return remember(await liveId(reads));
  };
  return {
    async search(query) {
      for (const anew of [false, true]) {
        const id = await current(anew);
        if (id === undefined) break;
        try {
          const table = { table: tableOf(id), where: 'not deleted' };
          return (await reads.query<Hit>(searchStatement(table, query))).rows;
        } catch (error) {
          if (!isUndefinedTable(error)) throw error;
        }
      }
      remember(undefined);
      throw new IndexUnavailable('There is no search index; make one: platform search rebuild');
    },
    async apply(changes, transaction) {
      if (transaction) await applyToAll(transaction, changes);
      else await withTransaction(pool, (client) => applyToAll(client, changes));
    },
    async live() {
      const id = await liveId(pool);
      return id === undefined ? undefined : generation(pool, id);
    },
    begin: () => begin(deps),
  };
}

async function liveId(db: Queryable): Promise<number | undefined> {
  const { rows } = await db.query<{ id: number }>({
    name: 'search-generation-live',
    text: `select id from search_generations
           where state = 'live' and to_regclass('product_search_' || id) is not null`,
  });
  return rows[0]?.id;
}

/** Their rows stay locked until the transaction ends, so that none is swapped or removed under it. */
async function applyToAll(client: PoolClient, changes: SearchChange[]): Promise<void> {
  const { rows } = await client.query<{ id: number }>({
    name: 'search-generations-that-follow',
    text: `select id from search_generations
           where state in ('live', 'following') and to_regclass('product_search_' || id) is not null
           order by id for share`,
  });
  for (const { id } of rows) await applyTo(client, tableOf(id), changes);
}

async function applyTo(db: Queryable, table: string, changes: SearchChange[]): Promise<void> {
  if (changes.length === 0) return;
  await db.query(
    `insert into ${table} as present (id, version, deleted, category, name, search)
     select id, version, coalesce(deleted, false), coalesce(category, ''), coalesce(name, ''),
       setweight(to_tsvector('english', coalesce(name, '')), 'A') ||
       setweight(to_tsvector('english', coalesce(description, '')), 'B')
     from jsonb_to_recordset($1::jsonb)
       as change(id text, version int, deleted bool, category text, name text, description text)
     on conflict (id) do update set version = excluded.version, deleted = excluded.deleted,
       category = excluded.category, name = excluded.name, search = excluded.search
     where present.version < excluded.version`,
    [JSON.stringify(newestOf(changes))],
  );
}

function generation(db: Queryable, id: number): Generation {
  const table = tableOf(id);
  return {
    name: table,
    apply: (changes) => applyTo(db, table, changes),
    async page(after, limit) {
      const { rows } = await db.query<{ id: string; version: number }>(
        `select id, version from ${table} where id > $1 and not deleted order by id limit $2`,
        [after ?? '', limit],
      );
      return rows;
    },
    async of(ids) {
      const { rows } = await db.query<{ id: string; version: number }>(
        `select id, version from ${table} where id = any($1::text[]) and not deleted`,
        [ids],
      );
      return new Map(rows.map((row) => [row.id, row.version]));
    },
  };
}

async function begin({ pool, graceMs = 2000 }: PostgresIndexDeps): Promise<NextGeneration> {
  // A connection of its own: it holds the lock, and what it does takes as long as it takes.
  const client = await pool.connect();
  client.on('error', () => undefined);
  const end = () => endRebuild(client);
  let id: number;
  try {
    await lockRebuild(client);
    await client.query('set statement_timeout = 0');
    await removeOthers(client);
    id = await create(client);
  } catch (error) {
    await end();
    throw error;
  }
  const table = tableOf(id);
  let published = false;
  return {
    ...generation(client, id),
    async follow() {
      // After it is filled, which is faster; searches read what waits to be indexed, so little may wait.
      const small = 'with (gin_pending_list_limit = 256)';
      await client.query(`create index ${table}_words on ${table} using gin (search) ${small}`);
      await client.query(`create index ${table}_near on ${table} using gin (name gin_trgm_ops) ${small}`);
      await client.query(`create index ${table}_category on ${table} (category)`);
      await client.query(`vacuum (analyze) ${table}`);
      await client.query("update search_generations set state = 'following' where id = $1", [id]);
    },
    async publish() {
      await inTransaction(client, async () => {
        await client.query("update search_generations set state = 'retired' where state = 'live'");
        await client.query("update search_generations set state = 'live' where id = $1", [id]);
      });
      published = true;
      await new Promise((resolve) => setTimeout(resolve, graceMs));
      // It is done; what cannot be removed now, the next rebuild removes.
      await removeOthers(client).catch(() => undefined);
      await end();
    },
    async abandon() {
      try {
        await client.query('rollback');
        if (!published) await inTransaction(client, () => remove(client, id));
      } finally {
        await end();
      }
    },
  };
}

/** What fails is undone when the connection ends, or by `abandon`. */
async function inTransaction<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  const result = await work();
  await client.query('commit');
  return result;
}

const create = (client: PoolClient): Promise<number> =>
  inTransaction(client, async () => {
    const { rows } = await client.query<{ id: number }>(
      "insert into search_generations (state) values ('filling') returning id",
    );
    const id = rows[0]!.id;
    await client.query(
      `create table ${tableOf(id)} (
         id text primary key,
         version integer not null,
         deleted boolean not null,
         category text not null,
         name text not null,
         search tsvector not null
       )`,
    );
    return id;
  });

/** All but the live one: what was replaced, and what killed rebuilds left behind. */
async function removeOthers(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ id: number }>(
    "select id from search_generations where state <> 'live' order by id",
  );
  for (const { id } of rows) await inTransaction(client, () => remove(client, id));
}

async function remove(client: PoolClient, id: number): Promise<void> {
  // The row first, as whoever applies changes locks it first.
  await client.query('delete from search_generations where id = $1', [id]);
  await client.query(`drop table if exists ${tableOf(id)}`);
}
