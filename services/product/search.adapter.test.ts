// The search index in PostgreSQL, and what becomes of searches while it is taken away and made anew.
import { createPool, type Pool, rollbackMigration, runMigrations } from '@platform/libs/postgres';
import { createLogger } from '@platform/libs/telemetry';
import { startPostgres, type TestPostgres } from '@platform/libs/testing';
import request from 'supertest';
import { createApp, createCachedCatalogue } from './app';
import { compare, rebuild } from './application/index-upkeep';
import { conformsToSearchIndex } from './application/search-conformance';
import type { SearchDocument } from './application/search-index';
import { staff } from './product.fixtures';
import { migrations } from './storage/migrations';
import { createProductSource } from './storage/product-source';
import { createProductReader } from './storage/products';
import { createPostgresIndex } from './storage/search-index';
import { seedProducts } from './storage/seed';

// Seconds when the machine is idle; a limit for when it is not.
jest.setTimeout(90_000);

const logger = createLogger('test', { level: 'silent' });
const pools: Pool[] = [];
let server: TestPostgres;
const database = async (products = 0) => {
  const pool = createPool({ url: await server.createDatabase(), max: 5 });
  pools.push(pool);
  await runMigrations({ pool, migrations, lockId: 1 }, () => seedProducts(pool, products));
  return pool;
};
const indexOf = (pool: Pool) => createPostgresIndex({ pool, graceMs: 50 });
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await server?.stop();
});

const tables = async (pool: Pool): Promise<string[]> => {
  const { rows } = await pool.query(
    "select relname::text as name from pg_class where relkind = 'r' and relname like 'product\\_search\\_%' order by 1",
  );
  return rows.map(({ name }) => name);
};
const query = { search: 'kettle', limit: 20 };

describe('the index in PostgreSQL', () => {
  conformsToSearchIndex(async () => indexOf(await database()));

  test('finds another form of a word, what the description says, and in spite of a slip', async () => {
    const pool = await database(1500);
    await rebuild(createProductSource(pool), indexOf(pool));
    const names = async (search: string) => {
      const ids = (await indexOf(pool).search({ search, limit: 5 })).map(({ id }) => id);
      const { rows } = await pool.query('select name from products where id = any($1::text[])', [ids]);
      return rows.map(({ name }) => name as string);
    };
    for (const slip of ['kettles', 'ketle', 'Coper ketle']) {
      const found = await names(slip);
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter((name) => !name.includes('Kettle'))).toEqual([]);
    }
    expect(await names('kitchen range')).toHaveLength(5);
    // Nothing but words that say nothing, and nothing but what is not wanted.
    expect(await indexOf(pool).search({ search: 'the', limit: 5 })).toEqual([]);
    expect(await indexOf(pool).search({ search: '-kettle', limit: 5 })).toHaveLength(5);
  });

  test('finds what the catalogue itself finds, in the same order', async () => {
    const pool = await database(1500);
    await rebuild(createProductSource(pool), indexOf(pool));
    const base = createProductReader(pool).search;
    for (const search of ['kettle', 'copper kettle', 'ketle', 'oak from the office', 'made']) {
      for (const category of [undefined, 'kitchen']) {
        const wanted = { search, category, limit: 10 };
        const hits = await base(wanted);
        expect(await indexOf(pool).search(wanted)).toEqual(hits);
        const after = hits[4];
        if (after) expect(await base({ ...wanted, limit: 5, after })).toEqual(hits.slice(5));
      }
    }
  });
});

test('no search fails while the index is dropped, rebuilt, and dropped again', async () => {
  const pool = await database(3000);
  const [source, index] = [createProductSource(pool), indexOf(pool)];
  const searcher = createPool({ url: pool.options.connectionString as string, max: 5 });
  pools.push(searcher);
  // Nothing is cached: every request searches.
  const catalogue = createCachedCatalogue({
    ...{ reads: searcher, ttlMs: 1, logger },
    index: createPostgresIndex({ pool: searcher, pointerMs: 100 }),
  });
  const app = createApp({
    ...{ pool: searcher, checkBroker: async () => undefined, catalogue, logger, version: 'v1' },
    ...staff(searcher),
  });
  const listening = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  const answers = new Map<string, number>();
  let stopped = false;
  const searching = ['copper kettle', 'ketle', 'oak', 'range'].map(async (q) => {
    while (!stopped) {
      const { status, body } = await request(listening).get('/v1/products').query({ q, limit: 5 });
      const answer = `${status} ${body.items?.length}`;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  });
  const soon = () => new Promise((resolve) => setTimeout(resolve, 250));
  await soon();
  for (let round = 0; round < 3; round++) {
    await rebuild(source, index);
    await soon();
    for (const table of await tables(pool)) await pool.query(`drop table ${table}`);
    await soon();
    await rebuild(source, index);
    await soon();
    await pool.query("delete from search_generations where state = 'live'");
    await soon();
  }
  stopped = true;
  await Promise.all(searching);
  await new Promise((resolve) => listening.close(resolve));
  expect([...answers.keys()]).toEqual(['200 5']);
  expect(answers.get('200 5')).toBeGreaterThan(100);
});

test('a rebuild that is killed leaves the old index in use, and the next one cleans up', async () => {
  const pool = await database(500);
  const [source, index] = [createProductSource(pool), indexOf(pool)];
  await rebuild(source, index);
  const killed = createPool({ url: pool.options.connectionString as string, applicationName: 'killed' });
  const next = await indexOf(killed).begin();
  await next.apply(await source.documents(['prd-00001', 'prd-00002']));
  expect(await tables(pool)).toEqual(['product_search_1', 'product_search_2']);
  await expect(rebuild(source, index)).rejects.toMatchObject({ code: 'REBUILD_RUNNING' });
  await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'killed'",
  );

  expect((await index.search(query)).length).toBeGreaterThan(0);
  expect((await index.live())?.name).toBe('product_search_1');
  const made = await rebuild(source, index);
  expect(made).toMatchObject({ index: 'product_search_3', products: 500 });
  expect(await tables(pool)).toEqual(['product_search_3']);
  await expect(next.follow()).rejects.toThrow();
  await next.abandon().catch(() => undefined);
  await killed.end();
  expect(await tables(pool)).toEqual(['product_search_3']);
});

test('a comparison finds what was planted, repairs it, and then finds nothing', async () => {
  const pool = await database(2500);
  const [source, index] = [createProductSource(pool), indexOf(pool)];
  const { index: table } = await rebuild(source, index);
  await pool.query(`delete from ${table} where id in ('prd-00007', 'prd-02001')`);
  await pool.query(
    "update products set version = 2, name = 'Copper Kettle deluxe' where id in ('prd-00008', 'prd-02002')",
  );
  await pool.query("delete from products where id = 'prd-00009'");
  const settleMs = 1;
  const planted = {
    missing: ['prd-00007', 'prd-02001'],
    stale: ['prd-00008', 'prd-02002'],
    orphaned: [{ id: 'prd-00009', version: 1 }],
  };
  expect(await compare(source, index, { settleMs })).toMatchObject({ index: table, ...planted });
  const clean = { products: 2499, missing: [], stale: [], orphaned: [] };
  expect(await compare(source, index, { settleMs, repair: true })).toMatchObject({ ...clean, repaired: 5 });
  expect(await compare(source, index, { settleMs, repair: true })).toMatchObject({ ...clean, repaired: 0 });
  const found = await index.search({ search: 'deluxe kettle', limit: 5 });
  expect(found.map(({ id }) => id)).toEqual(['prd-00008', 'prd-02002']);
});

test('changes that come while it is rebuilt are in the index that comes out', async () => {
  const pool = await database(2000);
  const [source, index] = [createProductSource(pool), indexOf(pool)];
  await rebuild(source, index);
  let stopped = false;
  let written = 0;
  const writing = (async () => {
    while (!stopped) {
      const id = `prd-${String((written++ % 2000) + 1).padStart(5, '0')}`;
      const { rows } = await pool.query<SearchDocument>(
        `update products set version = version + 1, name = 'Changed ' || version where id = $1
         returning id, version, name, description, category`,
        [id],
      );
      await index.apply(rows);
    }
  })();
  for (let round = 0; round < 3; round++) await rebuild(source, index);
  stopped = true;
  await writing;
  expect(written).toBeGreaterThan(50);
  expect(await compare(source, index, { settleMs: 1 })).toMatchObject({
    missing: [],
    stale: [],
    orphaned: [],
  });
});

test('going back takes every table of it away', async () => {
  const pool = await database(100);
  await rebuild(createProductSource(pool), indexOf(pool));
  await rollbackMigration({ pool, migrations, lockId: 1 }, '0008-search-generations');
  await rollbackMigration({ pool, migrations, lockId: 1 }, '0007-product-versions');
  expect(await tables(pool)).toEqual([]);
  await runMigrations({ pool, migrations, lockId: 1 });
  expect((await rebuild(createProductSource(pool), indexOf(pool))).products).toBe(100);
});
